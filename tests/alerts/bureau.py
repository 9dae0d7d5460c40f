"""Sends alerts by the delivery loop to a real server of the Bot API."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from services.alerts.acts import acting_accounts
from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import Answers
from services.alerts.channels.telegram import TelegramChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.delivery.texts import Texts
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.telegram.bot_api import BotApi
from services.alerts.telegram.chat_messages import ChatMessages
from services.alerts.telegram.limits import ChatLimits
from services.alerts.telegram.message_edits import MessageEdits
from shared.events.vocabulary import DeliveryChannel, Verdict
from shared.outbound import Outbound
from shared.places import Places
from shared.postgres import notify
from tests.alerts.bot_server import GROUP, BotServer
from tests.alerts.factories import NOBODY_REVOKED, mudflow, rules
from tests.alerts.town import Town, notified

AIBEK = Actor(uuid4(), "aibek")


class Bureau:
    def __init__(self, town: Town, bot: BotServer, folder: Path, **changed: Any) -> None:
        self.town, self.bot, self.token = town, bot, folder / "bot-token"
        self.token.write_text(bot.token)
        self.settings: AlertsSettings = town.settings.model_copy(
            update={
                "alerts_telegram_api": bot.url,
                "alerts_telegram_token_file": str(self.token),
                "outbound_allow": (f"127.0.0.1:{bot.port}",),
                "alerts_retry_seconds": 0.1,
                "public_url": "https://dayar.example",
                **changed,
            }
        )
        self.texts = Texts.of_installation(Places.load(), self.settings)
        self.limits = unlimited()

    async def receiver(self, label: str = "group", chat: int = GROUP, **changed: Any) -> None:
        receiver = Receiver(label, DeliveryChannel.TELEGRAM, f"telegram:{chat}", **{"language": "ru", **changed})
        async with self.town.sessions.begin() as session:
            await subscriptions.put(session, receiver, self.town.box)
            if receiver.account_id is not None:
                await acting_accounts.note(session, receiver.account_id, datetime.now(UTC))

    async def alert(self, **changed: Any) -> UUID:
        now = datetime.now(UTC)
        await self.town.report(mudflow(onset=now, received_at=now, **changed))
        async with self.town.sessions() as session:
            alert_id: UUID = await session.scalar(text("SELECT alert_id FROM alerts ORDER BY raised_at DESC LIMIT 1"))
        return alert_id

    @asynccontextmanager
    async def answers(self) -> AsyncIterator[Answers]:
        async with self.town.sessions.begin() as session:
            yield Answers(session, rules(), Places.load(), NOBODY_REVOKED, datetime.now(UTC))

    async def acknowledge(self, alert_id: UUID) -> None:
        """Acknowledges the alert, and sends the message about it at once.

        A running service waits ten seconds before this message, because the acknowledgement may be withdrawn.
        """
        async with self.answers() as answers:
            await answers.acknowledge(alert_id, AIBEK)
        await self.hasten()

    async def close(self, alert_id: UUID) -> None:
        async with self.answers() as answers:
            await answers.resolve(alert_id, AIBEK, Verdict.FALSE_ALARM)

    async def hasten(self) -> None:
        async with self.town.sessions.begin() as session:
            await session.execute(text("UPDATE deliveries SET due_at = now() WHERE settled_at IS NULL"))
        await notified(self.town)

    async def edit(self) -> int:
        async with Outbound(self.settings) as outbound:
            api = BotApi(self.settings, outbound)
            return await MessageEdits(api, ChatMessages(self.texts), self.town.sessions, self.limits).edit()

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[TelegramChannel]:
        async with Outbound(self.settings) as outbound:
            api = BotApi(self.settings, outbound)
            yield TelegramChannel(api, ChatMessages(self.texts), self.town.sessions, self.limits)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        woken = asyncio.Event()
        async with self.channel() as channel, asyncio.TaskGroup() as group:
            loop = Deliveries(self.settings, self.town.engine, {DeliveryChannel.TELEGRAM: channel}, woken)
            working = (notify.listen(self.town.engine, "alerts_deliveries", woken), loop.run())
            tasks = [group.create_task(each) for each in working]
            yield
            for task in tasks:
                task.cancel()


def unlimited() -> ChatLimits:
    """Returns limits that never demand a pause: their clock advances by a minute whenever it is read."""
    minutes = itertools.count()
    return ChatLimits(lambda: 61.0 * next(minutes))
