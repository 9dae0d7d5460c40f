"""Nobody answers: who is told next, and when it is quiet again."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts import answers, queries
from services.alerts.alerts import Alert, Person
from services.alerts.escalation import Escalation
from services.alerts.handlers import Watch
from services.alerts.receivers import Receiver
from shared import database
from shared.events import HazardReported
from shared.events.vocabulary import Channel, Severity, Status, Verdict
from shared.places import Places
from tests.alerts.factories import NOW, hazard, mudflow, received, rules

pytestmark = pytest.mark.anyio

OPERATOR = Person(uuid4(), "Айбек")
MODERATE, EXTREME = timedelta(minutes=30), timedelta(minutes=5)


class Night:
    """A clock to turn, alerts to raise, and who was told when."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.sessions = database.sessions(engine)
        self.now = NOW
        places = Places.load()
        self.watch = Watch(rules(), places, clock=self.clock)
        self.escalation = Escalation(self.sessions, rules(), places, clock=self.clock)

    def clock(self) -> datetime:
        return self.now

    async def receiver(self, label: str, step: int, **changed: Any) -> None:
        async with self.sessions.begin() as session:
            await queries.save_receiver(
                session, Receiver(label, Channel.WEBHOOK, "https://hook.example", step=step, **changed)
            )

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

    async def alert(self) -> Alert:
        async with self.sessions.begin() as session:
            (id,) = (await session.execute(text("SELECT alert_id FROM alerts"))).one()
            return await queries.locked_alert(session, id)

    async def told(self) -> list[tuple[int, str]]:
        async with self.sessions.begin() as session:
            rows = await session.execute(text("SELECT step, recipient FROM deliveries ORDER BY step, recipient"))
            return [(step, recipient) for step, recipient in rows]

    async def answer(self, verdict: Verdict | None = None) -> None:
        alert = await self.alert()
        async with self.sessions.begin() as session:
            if verdict:
                await answers.resolve(session, alert.alert_id, verdict, OPERATOR, self.now)
            else:
                await answers.acknowledge(session, alert.alert_id, OPERATOR, self.now)


@pytest.fixture
async def night(engine: AsyncEngine) -> Night:
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE alerts, hazards, receivers, deliveries, attempts, outbox"))
    made = Night(engine)
    await made.only(("duty", 0), ("head", 1), ("minister", 2))
    return made


async def test_unanswered_the_next_step_is_told_and_the_last_again_and_again(night: Night) -> None:
    await night.report(hazard())
    assert await night.passes(MODERATE - timedelta(seconds=1)) == 0
    for _ in range(4):
        assert await night.passes(MODERATE) == 1
    assert await night.told() == [(1, "duty"), (2, "head"), (3, "minister"), (4, "minister"), (5, "minister")]
    assert (await night.alert()).level == 4


async def test_the_graver_the_sooner(night: Night) -> None:
    await night.report(hazard(magnitude=6.8))
    assert await night.passes(EXTREME) == 1


@pytest.mark.parametrize("verdict", [None, Verdict.FALSE_ALARM])
async def test_answered_it_is_quiet(night: Night, verdict: Verdict | None) -> None:
    await night.report(hazard())
    await night.passes(MODERATE)
    await night.answer(verdict)
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.told() == [(1, "duty"), (2, "head")]


async def test_cancelled_it_is_quiet_and_those_who_were_told_hear_it(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.told() == [(1, "duty"), (2, "head"), (3, "duty"), (3, "head")]


async def test_getting_worse_it_waits_no_longer_than_it_should(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    night.now += timedelta(minutes=1)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert (await night.alert()).escalates_at == night.now + EXTREME


async def test_getting_worse_after_an_answer_is_told_but_not_escalated(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.answer()
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert await night.told() == [(1, "duty"), (2, "duty")]
    assert await night.passes(timedelta(days=1)) == 0


@pytest.mark.parametrize(
    "revisions", [[{"magnitude": 6.9}], [{"msg_type": "Cancel"}, {}]], ids=["graver", "spoken of again"]
)
async def test_resolved_and_then_not_over_at_all_it_must_be_answered_again(
    night: Night, revisions: list[dict[str, Any]]
) -> None:
    quake = hazard()
    await night.report(quake)
    await night.answer()
    await night.answer(Verdict.CONFIRMED)
    for number, changed in enumerate(revisions, start=2):
        await night.report(hazard(hazard_id=quake.hazard_id, revision=number, **{"msg_type": "Update", **changed}))
    alert = await night.alert()
    assert (alert.state, alert.nature, alert.verdict, alert.acknowledged_name) == ("open", "machine", None, None)
    assert await night.passes(MODERATE) == 1
    assert [recipient for _, recipient in await night.told()] == ["duty", "duty", "head"]
    await night.answer(Verdict.CONFIRMED)
    assert (await night.alert()).state == "resolved"


async def test_a_worker_that_starts_later_finds_the_clock_where_it_was(night: Night, engine: AsyncEngine) -> None:
    await night.report(hazard())
    again = Night(engine)
    again.now = night.now + MODERATE
    assert await again.escalation.escalate() == 1


async def test_only_those_whom_the_alert_concerns(night: Night) -> None:
    await night.receiver("trainer", 1, statuses=frozenset({Status.EXERCISE}))
    await night.receiver("osh", 1, areas=("KG06000000000",))
    await night.report(mudflow())
    await night.passes(timedelta(minutes=10))
    assert await night.told() == [(1, "duty"), (2, "head")]


async def test_a_step_that_nobody_stands_on_is_passed_over(night: Night) -> None:
    await night.only(("duty", 0), ("minister", 2))
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.told() == [(1, "duty"), (2, "minister"), (3, "duty"), (3, "minister")]


async def test_the_first_step_that_wants_the_alert_is_told_at_once(night: Night) -> None:
    """The duty desk hears of grave alerts alone: a moderate one does not wait for its escalation."""
    await night.receiver("duty", 0, floor=Severity.EXTREME)
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert await night.told() == [(1, "head"), (2, "minister")]


async def test_nobody_on_the_list_the_alert_still_rises(night: Night) -> None:
    await night.only()
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert (await night.alert()).level == 1
    assert await night.told() == []
