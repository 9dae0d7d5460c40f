"""Runs a real Telegram bot, and simulates people who write to the bot or press its buttons."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text, update

from services.alerts.acts import bindings
from services.alerts.acts.acts import ActChannel
from services.alerts.acts.bindings import BoundPerson
from services.alerts.acts.replies import Replies
from services.alerts.alerts import Alert
from services.alerts.models import TelegramQuestion
from services.alerts.queries import alerts as alert_queries
from services.alerts.receivers import subscriptions
from services.alerts.telegram.answering import Answering
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from services.alerts.telegram.polling import Polling
from shared.auth import revocation_snapshots
from shared.auth.revocations import Revocations
from shared.auth.tokens import Role
from shared.country import COUNTRY
from shared.events import CredentialRevoked
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import Outbound
from shared.places import Places
from tests.alerts.bureau import Bureau
from tests.alerts.factories import rules
from tests.waiting import wait_for

AIBEK = BoundPerson(uuid4(), "aibek", frozenset({Role.OPERATOR}), (COUNTRY,), datetime.now(UTC))
USER, STRANGER = 42, 43


class Shift(Bureau):
    @asynccontextmanager
    async def polling(self, *revoked: CredentialRevoked) -> AsyncIterator[None]:
        revocation_snapshots.save(revocation_snapshots.file_of(self.settings), datetime.now(UTC), revoked)
        async with Outbound(self.settings, seconds=5) as outbound, asyncio.TaskGroup() as group:
            api = BotApi(self.settings, outbound)
            replies = Replies(rules(), Places.load(), self.town.box, Revocations(self.settings), ActChannel.TELEGRAM)
            answering = Answering(replies, self.town.box, ChatMessages(self.texts))
            polls = Polling(api, api, self.town.engine, self.town.sessions, answering, ChatLimits())
            task = group.create_task(polls.run())
            yield
            task.cancel()

    async def code(self, person: BoundPerson = AIBEK) -> str:
        async with self.town.sessions.begin() as session:
            return await bindings.draw_code(session, self.town.box, DeliveryChannel.TELEGRAM, person, datetime.now(UTC))

    async def bind(self) -> None:
        async with self.town.sessions.begin() as session:
            code = await bindings.draw_code(session, self.town.box, DeliveryChannel.TELEGRAM, AIBEK, AIBEK.issued_at)
            await bindings.bind(session, self.town.box, DeliveryChannel.TELEGRAM, str(USER), code, AIBEK.issued_at)

    async def ages(self, age: timedelta) -> None:
        async with self.town.sessions.begin() as session:
            await session.execute(update(TelegramQuestion).values(asked_at=TelegramQuestion.asked_at - age))

    async def becomes(self, *, is_internal: bool) -> None:
        async with self.town.sessions.begin() as session:
            await subscriptions.set_internal(session, "group", is_internal=is_internal)

    async def alerted(self) -> Alert:
        async with self.town.sessions() as session:
            alert_id: UUID = await session.scalar(text("SELECT alert_id FROM alerts"))
            alert = await alert_queries.alert(session, alert_id)
        assert alert is not None
        return alert

    async def presses(self, message: dict[str, Any], button: int | str, user: int = USER) -> dict[str, Any]:
        if isinstance(button, str):
            self.bot.sends_data(data_of_button(message, button), message, user)
        else:
            self.bot.presses(message, button, user)
        return await self.answered("answerCallbackQuery")

    async def writes(self, text: str, **more: Any) -> dict[str, Any]:
        self.bot.says(text, **more)
        return await self.answered("sendMessage")

    async def answered(self, method: str) -> dict[str, Any]:
        known = len(self.bot.called(method))
        await wait_for(lambda: len(self.bot.called(method)) > known)
        return self.bot.called(method)[-1]


def data_of_button(message: dict[str, Any], text: str) -> str:
    buttons = [button for row in message["reply_markup"]["inline_keyboard"] for button in row]
    return next(str(button["callback_data"]) for button in buttons if button["text"] == text)
