"""Sends the bot's answers, several at a time, so that answers to strangers delay nobody."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.queries import telegram_messages as message_queries
from services.alerts.telegram.bot_api import BotApi, BotApiError
from services.alerts.telegram.bot_calls import BotCall
from services.alerts.telegram.chats import Chat
from services.alerts.telegram.limits import ChatLimits
from shared import log
from shared.failures import outage_logged
from shared.outbound_errors import OutboundError

BOUND_AT_ONCE = 20
STRANGERS_AT_ONCE = 4
MOST_STRANGERS_WAITING = 100
LONGEST_WAIT_SECONDS = 30.0  # If Telegram demands a longer pause, the answer is dropped.


class BotAnswers:
    """Answers to bound people and to strangers wait in separate queues.

    If too many strangers already wait, a further stranger gets no answer. After a pause that Telegram demands, the
    answer is sent once more, because the person must learn the result of the action.
    """

    def __init__(
        self,
        api: BotApi,
        sessions: async_sessionmaker[AsyncSession],
        clock: Callable[[], datetime],
        limits: ChatLimits,
    ) -> None:
        self._api, self._sessions, self._clock, self._limits = api, sessions, clock, limits
        self._bound, self._strangers = asyncio.Semaphore(BOUND_AT_ONCE), asyncio.Semaphore(STRANGERS_AT_ONCE)
        self._strangers_waiting = 0

    async def to_bound(self, calls: Sequence[BotCall]) -> None:
        async with self._bound:
            await self._send(calls)

    async def to_stranger(self, calls: Sequence[BotCall]) -> None:
        if self._strangers_waiting >= MOST_STRANGERS_WAITING:
            log.get().warning("telegram answer not sent", reason="too_many_waiting")
            return
        self._strangers_waiting += 1
        try:
            async with self._strangers:
                await self._send(calls)
        finally:
            self._strangers_waiting -= 1

    async def _send(self, calls: Sequence[BotCall]) -> None:
        """The person's action is already stored, so a failure is only logged."""
        for call in calls:
            with outage_logged("telegram question not stored"):
                try:
                    await self._answer(call)
                except (OutboundError, BotApiError) as error:
                    log.get().warning("telegram answer not sent", method=call.method, **log.described(error))

    async def _answer(self, call: BotCall) -> None:
        chat = Chat(call.fields["chat_id"]) if "chat_id" in call.fields else None
        await self._turn(chat)
        try:
            result = await self._api.call(call.method, **call.fields)
        except BotApiError as error:
            if chat is not None and error.retry_after:
                self._limits.close(chat, error.retry_after)
            if not 0 < error.retry_after <= LONGEST_WAIT_SECONDS:
                raise
            await asyncio.sleep(error.retry_after)
            result = await self._api.call(call.method, **call.fields)
        if call.question is not None:
            async with self._sessions.begin() as session:
                chat_id, message_id = int(call.fields["chat_id"]), int(result["message_id"])
                await message_queries.ask(session, chat_id, message_id, call.question, self._clock())

    async def _turn(self, chat: Chat | None) -> None:
        """If the wait would be too long, the message is sent at once."""
        is_reserved, seconds = self._limits.reserve(chat, LONGEST_WAIT_SECONDS) if chat else (False, 0.0)
        if is_reserved:
            await asyncio.sleep(seconds)
