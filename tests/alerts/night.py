"""Advances a clock and raises alerts that nobody acknowledges. Tests read from `Night` who was notified."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts import presences
from services.alerts.acts import acting_accounts
from services.alerts.acts.acts import Actor
from services.alerts.acts.answers import Answers
from services.alerts.alerts import Alert
from services.alerts.escalation import Escalation
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel, Verdict
from shared.places import Places
from shared.postgres import database
from tests.alerts.factories import NOBODY_REVOKED, NOW, received, rules
from tests.alerts.handling import Handling

OPERATOR = Actor(uuid4(), "Айбек")


class Night:
    def __init__(self, engine: AsyncEngine) -> None:
        self.sessions = database.sessions(engine)
        self.now = NOW
        places = Places.load()
        self.watch = Handling(rules(), places, clock=self.clock)
        self.escalation = Escalation(self.sessions, rules(), places, clock=self.clock)

    def clock(self) -> datetime:
        return self.now

    async def receiver(self, label: str, step: int, **changed: Any) -> None:
        async with self.sessions.begin() as session:
            await receiver_queries.save_receiver(
                session, Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", step=step, **changed)
            )
            if "account_id" in changed:
                await acting_accounts.note(session, changed["account_id"], self.now)

    async def only(self, *labels_and_steps: tuple[str, int]) -> None:
        async with self.sessions.begin() as session:
            await session.execute(text("DELETE FROM receivers"))
        for label, step in labels_and_steps:
            await self.receiver(label, step)

    async def report(self, *hazards: HazardReported) -> None:
        async with self.sessions.begin() as session:
            await self.watch([received(one) for one in hazards], session)

    async def passes(self, time: timedelta) -> int:
        self.now += time
        return await self.escalation.escalate()

    async def alert(self, alert_id: UUID | None = None) -> Alert:
        async with self.sessions.begin() as session:
            if alert_id is None:
                (alert_id,) = (await session.execute(text("SELECT alert_id FROM alerts"))).one()
            return await alert_queries.locked_alert(session, alert_id)

    async def notified(self) -> list[tuple[int, str]]:
        async with self.sessions.begin() as session:
            rows = await session.execute(text("SELECT step, recipient FROM deliveries ORDER BY step, recipient"))
            return [(step, recipient) for step, recipient in rows]

    async def causes(self, recipient: str) -> list[str]:
        statement = text("SELECT cause FROM deliveries WHERE recipient = :recipient ORDER BY step")
        async with self.sessions.begin() as session:
            return list(await session.scalars(statement, {"recipient": recipient}))

    async def expires_after(self, time: timedelta) -> int:
        self.now += time
        return await self.escalation.expire()

    async def boards_are_closed(self) -> None:
        async with self.sessions.begin() as session:
            await session.execute(text("DELETE FROM presences"))

    async def touched(self, at: datetime) -> None:
        async with self.sessions.begin() as session:
            await presences.note(session, uuid4(), OPERATOR.account, at, at)

    async def does(self, act: str, *arguments: Any, alert_id: UUID | None = None) -> None:
        alert = await self.alert(alert_id)
        async with self.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, self.now)
            await getattr(answers, act)(alert.alert_id, OPERATOR, *arguments)

    async def answer(self, verdict: Verdict | None = None) -> None:
        alert = await self.alert()
        async with self.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), NOBODY_REVOKED, self.now)
            if verdict:
                await answers.resolve(alert.alert_id, OPERATOR, verdict)
            else:
                await answers.acknowledge(alert.alert_id, OPERATOR)
