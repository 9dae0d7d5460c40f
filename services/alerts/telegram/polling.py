"""Gets updates from Telegram by long polling, and handles each update once. Only one process at a time polls.

Each update is handled in a transaction that also stores the number of the next update.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts.handlers import utcnow
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.telegram import incoming
from services.alerts.telegram.answering import Answering
from services.alerts.telegram.bot_answers import BotAnswers
from services.alerts.telegram.bot_api import BotApi, BotApiError, NoToken
from services.alerts.telegram.bot_calls import BotCall
from services.alerts.telegram.limits import ChatLimits
from shared import log
from shared.failures import backoff_seconds, is_dependency_unavailable
from shared.outbound_errors import AnswerTooBig, OutboundError
from shared.postgres import database

POLL_SECONDS = 25  # If there is no update, Telegram answers after this time.
CALL_SECONDS = POLL_SECONDS + 10.0
AT_ONCE = 50
# After this pause, the task looks for a token, and looks whether the other polling process has ended.
LOOK_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0

# raw SQL: an advisory lock of the session, which PostgreSQL frees when the process ends
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.telegram', 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(current_schema() || '.telegram', 0))"


class Polling:
    """Polls for updates until cancelled. The task polls only if there is a token.

    An exercise polls only a server that OUTBOUND_ALLOW lists. `patient` is a client that waits for CALL_SECONDS,
    because Telegram answers only after an update or POLL_SECONDS.
    """

    def __init__(
        self,
        api: BotApi,
        patient: BotApi,
        engine: AsyncEngine,
        sessions: async_sessionmaker[AsyncSession],
        answering: Answering,
        limits: ChatLimits,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._api, self._patient, self._engine, self._sessions = api, patient, engine, sessions
        self._answering, self._clock = answering, clock
        self._failures, self._retry_after, self._at_once = 0, 0.0, AT_ONCE
        self._answers = BotAnswers(api, sessions, clock, limits)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as self._tasks:
            await self._run()

    async def _run(self) -> None:
        while True:
            seconds = LOOK_SECONDS
            try:
                if await self._poll_alone():
                    seconds = self._pause()
            except Exception as error:
                if not is_dependency_unavailable(error):
                    raise
                log.get().warning("telegram polling waits for dependency", **log.described(error))
                self._failures += 1
                seconds = self._pause()
            await asyncio.sleep(seconds)

    async def _poll_alone(self) -> bool:
        """Returns False if there is no bot, or if another process is polling."""
        if self._api.is_outside_exercise or not self._api.has_token:
            return False
        async with database.connected(self._engine) as connection:
            if not await connection.fetchval(LOCK):
                return False
            try:
                await self._store_username()
                while not connection.is_closed() and await self._poll():
                    pass
            finally:
                if not connection.is_closed():
                    await connection.execute(UNLOCK)
        return True

    async def _store_username(self) -> None:
        """The page with the code has a link, which contains the bot's name.

        A failure here is ignored, because the poll reports the same failure.
        """
        try:
            username = (await self._api.call("getMe")).get("username")
            async with self._sessions.begin() as session:
                await poll_queries.store_username(session, self._api.bot_id, username, self._clock())
        except (OutboundError, BotApiError) as error:
            log.get().info("telegram bot not known", **log.described(error))

    async def _poll(self) -> bool:
        """Returns False after a failure, which is stored for the administrators."""
        try:
            bot_id = self._api.bot_id
            async with self._sessions.begin() as session:
                offset = await poll_queries.next_update(session, bot_id, self._clock())
            updates = await self._patient.call(
                "getUpdates", offset=offset, timeout=POLL_SECONDS, limit=self._at_once, allowed_updates=incoming.ALLOWED
            )
            for update in updates:
                await self._handle(bot_id, update)
            await self._store(bot_id, None)
        except NoToken:
            return False
        except AnswerTooBig as error:  # Anybody can send the bot long messages, which must not delay other updates.
            self._at_once //= 2
            if self._at_once:
                return True
            self._at_once = 1
            await self._failed(bot_id, error)
            return False
        except (OutboundError, BotApiError) as error:
            await self._failed(bot_id, error)
            return False
        self._failures, self._retry_after, self._at_once = 0, 0.0, min(2 * self._at_once, AT_ONCE)
        return True

    async def _handle(self, bot_id: int, update: dict[str, Any]) -> None:
        """Answers are sent while the next updates are handled.

        An update that cannot be handled is stored as handled, because Telegram would otherwise repeat it before all
        newer updates.
        """
        calls: Sequence[BotCall] = ()
        is_bound = False
        try:
            async with self._sessions.begin() as session:
                is_new = await poll_queries.is_new(session, bot_id, update["update_id"], self._clock())
                if is_new and (read := incoming.read(update)) is not None:
                    calls = await self._answering.handle(session, read, self._clock())
                    is_bound = await self._answering.is_bound(session, read)
        except Exception as error:
            if is_dependency_unavailable(error):
                raise
            log.get().error("telegram update skipped", **log.described(error))
            async with self._sessions.begin() as session:
                await poll_queries.is_new(session, bot_id, update["update_id"], self._clock())
        if calls:
            answer = self._answers.to_bound if is_bound else self._answers.to_stranger
            self._tasks.create_task(answer(calls))

    async def _failed(self, bot_id: int, error: OutboundError | BotApiError) -> None:
        self._failures += 1
        if isinstance(error, BotApiError):
            self._retry_after = float(error.retry_after)
            reason = "bot_token_refused" if error.is_token_refused else f"telegram_{error.code}"
        else:
            self._retry_after, reason = 0.0, error.reason
        log.get().warning("telegram gives no updates", reason=reason)
        await self._store(bot_id, reason)

    def _pause(self) -> float:
        usual = backoff_seconds(max(self._failures, 1), first=1.0, longest=LONGEST_PAUSE_SECONDS)
        return max(self._retry_after, usual)

    async def _store(self, bot_id: int, problem: str | None) -> None:
        async with self._sessions.begin() as session:
            await poll_queries.store(session, bot_id, self._clock(), problem)
