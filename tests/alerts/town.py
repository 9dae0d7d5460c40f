"""Receivers, the delivery worker and alerts to deliver, shared by the tests of deliveries."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts.channels import ChannelOut
from services.alerts.channels.webhook import WebhookChannel
from services.alerts.config import AlertsSettings
from services.alerts.delivery.deliveries import Deliveries
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared import lifecycle
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel
from shared.outbound import TOTAL_SECONDS, Outbound
from shared.places import Places
from shared.postgres import database, notify
from tests.alerts.factories import hazard, received, rules
from tests.alerts.handling import Handling
from tests.hooks import Hook
from tests.waiting import wait_for

Sessions = async_sessionmaker[AsyncSession]


class Town:
    def __init__(self, settings: AlertsSettings, engine: AsyncEngine) -> None:
        self.settings, self.engine = settings, engine
        self.sessions: Sessions = database.sessions(engine)
        self.box = WebhookSecrets(settings.alerts_key_file)
        self.watch = Handling(rules(), Places.load())

    async def receiver(self, label: str, hook: Hook, **changed: Any) -> None:
        async with self.sessions.begin() as session:
            receiver = Receiver(label, DeliveryChannel.WEBHOOK, hook.url, **changed)
            hook.secret = await subscriptions.put(session, receiver, self.box)

    async def alert(self, count: int = 1) -> None:
        now = datetime.now(UTC)
        await self.report(*(hazard(onset=now, received_at=now) for _ in range(count)))

    async def report(self, *hazards: HazardReported) -> None:
        async with self.sessions.begin() as session:
            await self.watch([received(one) for one in hazards], session)

    async def rows(self) -> list[Mapping[str, Any]]:
        statement = text("SELECT * FROM deliveries ORDER BY created_at, recipient")
        async with self.sessions.begin() as session:
            return [dict(row._mapping) for row in await session.execute(statement)]

    async def settled(self, count: int) -> list[Mapping[str, Any]]:
        async def are_settled() -> list[Mapping[str, Any]] | None:
            rows = [row for row in await self.rows() if row["settled_at"]]
            return rows if len(rows) >= count else None

        return await wait_for(are_settled)

    @asynccontextmanager
    async def working(
        self, *hooks: Hook, channel: ChannelOut | None = None, seconds: float = TOTAL_SECONDS, **changed: Any
    ) -> AsyncIterator[Deliveries]:
        """Runs the delivery loop. Each call of a webhook may last `seconds`."""
        allowed = tuple(f"127.0.0.1:{hook.port}" for hook in hooks)
        settings = self.settings.model_copy(update={"outbound_allow": allowed, "alerts_retry_seconds": 0.1, **changed})
        woken = asyncio.Event()
        async with Outbound(settings, seconds=seconds) as outbound, asyncio.TaskGroup() as group:
            channels = {DeliveryChannel.WEBHOOK: channel or WebhookChannel(outbound, self.box, settings.public_url)}
            deliveries = Deliveries(settings, self.engine, channels, woken)
            working = (
                notify.listen(self.engine, "alerts_deliveries", woken),
                lifecycle.again_and_again("deliveries", deliveries.run),
            )
            tasks = [group.create_task(each) for each in working]
            yield deliveries
            for task in tasks:
                task.cancel()


async def attempts(town: Town, reason: str) -> bool:
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text("SELECT true FROM attempts WHERE reason = :reason"), {"reason": reason}))


async def notified(town: Town) -> None:
    async with town.sessions.begin() as session:
        await session.execute(text("NOTIFY alerts_deliveries"))


async def is_kept_waiting(town: Town, table: str = "receivers") -> bool:
    """True while a statement waits for the locked table.

    To claim deliveries, a worker reads the table `receivers`.
    """
    waiting = text("SELECT true FROM pg_locks WHERE relation = CAST(:table AS regclass) AND NOT granted")
    async with town.sessions.begin() as session:
        return bool(await session.scalar(waiting, {"table": table}))


async def claimed(town: Town) -> bool:
    return any(row["lease"] for row in await town.rows())


async def recorded(town: Town, count: int) -> bool:
    async with town.sessions.begin() as session:
        return bool(await session.scalar(text("SELECT count(*) >= :count FROM attempts"), {"count": count}))
