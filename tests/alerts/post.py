"""Passes events to the handlers and reads the tables afterwards."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from tests.alerts.factories import NOW, AnyEvent, event_type, hazard, received, rules
from tests.alerts.handling import Handling


class Post:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.now = NOW
        self.handling = Handling(rules(), Places.load(), clock=lambda: self.now)

    async def __call__(self, *data: AnyEvent) -> list[str]:
        outcomes = await self.handling([received(one) for one in data], self.session)
        return [f"{outcome.kind} {outcome.reason}" for outcome in outcomes]

    async def alerts(self) -> list[Alert]:
        rows = await self.fetch(f"{alert_queries.SELECT_ALERTS} ORDER BY kind, raised_at, area, situation")
        return [alert_queries.alert_of(row._mapping) for row in rows]

    async def alert(self) -> Alert:
        (alert,) = await self.alerts()
        return alert

    async def event_types(self) -> list[str]:
        rows = await self.fetch("SELECT convert_from(headers, 'utf8') FROM outbox WHERE topic = 'alerts' ORDER BY id")
        return [event_type(row[0]) for row in rows]

    async def deliveries(self) -> list[tuple[str, int, str]]:
        rows = await self.fetch("SELECT recipient, step, cause FROM deliveries ORDER BY step, recipient")
        return [tuple(row) for row in rows]

    async def fetch(self, statement: str) -> list[Any]:
        return list(await self.session.execute(text(statement)))

    async def receiver(self, label: str, **changed: Any) -> None:
        receiver = Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example/", **changed)
        await receiver_queries.save_receiver(self.session, receiver)


def revised(quake: HazardReported, revision: int, **changed: Any) -> HazardReported:
    msg_type = changed.pop("msg_type", "Update")
    return hazard(
        hazard_id=quake.hazard_id, revision=revision, msg_type=msg_type, **{"magnitude": quake.magnitude, **changed}
    )
