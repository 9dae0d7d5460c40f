"""Escalation while nobody acknowledges: who is notified next, and when it ends."""

import importlib
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts import presences, queries
from services.alerts.acts import Actor
from services.alerts.alerts import Alert
from services.alerts.answers import Answers
from services.alerts.escalation import Escalation
from services.alerts.receivers import Receiver
from shared.events import HazardReported
from shared.events.vocabulary import DeliveryChannel, Severity, Status, Verdict
from shared.places import Places
from shared.postgres import database
from tests.alerts.conftest import CHANGED
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, hazard, mudflow, received, rules
from tests.alerts.handling import Handling

pytestmark = pytest.mark.anyio

OPERATOR = Actor(uuid4(), "Айбек")
MODERATE, EXTREME = timedelta(minutes=30), timedelta(minutes=5)


class Night:
    """A clock to advance, alerts to raise, and the time of each receiver's notifications."""

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
            await queries.save_receiver(
                session, Receiver(label, DeliveryChannel.WEBHOOK, "https://hook.example", step=step, **changed)
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

    async def causes(self, recipient: str) -> list[str]:
        statement = text("SELECT cause FROM deliveries WHERE recipient = :recipient ORDER BY step")
        async with self.sessions.begin() as session:
            return list(await session.scalars(statement, {"recipient": recipient}))

    async def expires_after(self, time: timedelta) -> int:
        self.now += time
        return await self.escalation.expire()

    async def touched(self, at: datetime) -> None:
        async with self.sessions.begin() as session:
            await presences.note(session, uuid4(), OPERATOR.account, at, at)

    async def does(self, deed: str, *said: Any) -> None:
        alert = await self.alert()
        async with self.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), self.now)
            await getattr(answers, deed)(alert.alert_id, OPERATOR, *said)

    async def answer(self, verdict: Verdict | None = None) -> None:
        alert = await self.alert()
        async with self.sessions.begin() as session:
            answers = Answers(session, rules(), Places.load(), self.now)
            if verdict:
                await answers.resolve(alert.alert_id, verdict, OPERATOR)
            else:
                await answers.acknowledge(alert.alert_id, OPERATOR)


@pytest.fixture
async def night(engine: AsyncEngine) -> Night:
    async with engine.begin() as connection:
        await connection.execute(text(f"TRUNCATE {CHANGED}"))
    made = Night(engine)
    await made.only(("duty", 0), ("head", 1), ("minister", 2))
    return made


async def test_without_acknowledgement_the_next_step_is_notified_and_the_last_step_repeats(night: Night) -> None:
    await night.report(hazard())
    assert await night.passes(MODERATE - timedelta(seconds=1)) == 0
    for _ in range(4):
        assert await night.passes(MODERATE) == 1
    assert await night.told() == [(1, "duty"), (2, "head"), (3, "minister"), (4, "minister"), (5, "minister")]
    assert (await night.alert()).level == 4


async def test_more_severe_alerts_escalate_sooner(night: Night) -> None:
    await night.report(hazard(magnitude=6.8))
    assert await night.passes(EXTREME) == 1


async def test_a_closed_alert_stops_ringing_and_notified_receivers_are_notified(night: Night) -> None:
    await night.report(hazard())
    await night.passes(MODERATE)
    await night.answer(Verdict.FALSE_ALARM)
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.told() == [(1, "duty"), (2, "head"), (3, "duty"), (3, "head")]


@pytest.mark.parametrize(("magnitude", "idle"), [(4.7, timedelta(minutes=15)), (6.8, timedelta(minutes=5))])
async def test_an_acknowledged_alert_without_further_acts_rings_again_and_escalates(
    night: Night, magnitude: float, idle: timedelta
) -> None:
    await night.report(hazard(magnitude=magnitude))
    await night.answer()
    assert await night.passes(idle - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1
    alert = await night.alert()
    assert (alert.demand, alert.level, alert.work) == ("action", 1, "acknowledged")
    assert await night.causes("head") == ["stalled"]


async def test_a_further_act_restarts_the_clock_and_work_in_progress_stops_it(night: Night) -> None:
    await night.report(hazard())
    await night.answer()
    await night.passes(timedelta(minutes=10))
    await night.does("comment", "the road is closed")
    assert await night.passes(timedelta(minutes=14)) == 0
    await night.does("confirm", None)
    assert await night.passes(timedelta(minutes=14)) == 0
    await night.does("progress", None)
    assert await night.passes(timedelta(days=1)) == 0
    assert ((await night.alert()).work, (await night.alert()).verification) == ("in_progress", "confirmed")


async def test_a_confirmed_alert_stays_open(night: Night) -> None:
    await night.report(hazard())
    await night.does("confirm", None)
    alert = await night.alert()
    assert (alert.verification, alert.work, alert.resolved_at) == ("confirmed", "acknowledged", None)


async def test_a_snoozed_alert_rings_again(night: Night) -> None:
    await night.report(hazard(magnitude=6.8))
    await night.does("snooze", timedelta(minutes=40), "waiting for the post's report")
    assert (await night.alert()).demand is None
    assert await night.passes(timedelta(minutes=39)) == 0
    assert await night.passes(timedelta(minutes=1)) == 1
    alert = await night.alert()
    assert (alert.demand, alert.snoozed_until, alert.level) == ("action", None, 1)
    assert await night.causes("head") == ["woken"]


@pytest.mark.parametrize("deed", ["confirm", "progress"])
async def test_a_cancel_asks_the_people_at_work_to_close_the_alert(night: Night, deed: str) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does(deed, None)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    alert = await night.alert()
    assert (alert.validity, alert.demand, alert.resolved_at) == ("cancelled", "closure", None)
    await night.answer(Verdict.CANCELLED)
    assert ((await night.alert()).work, (await night.alert()).demand) == ("closed", None)


async def test_an_extreme_alert_that_nobody_acknowledged_is_kept_as_unseen(night: Night) -> None:
    quake = hazard(magnitude=6.8)
    await night.report(quake)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.8, msg_type="Cancel"))
    alert = await night.alert()
    assert (alert.is_unseen, alert.work, alert.validity, alert.demand) == (True, "unacknowledged", "cancelled", None)


@pytest.mark.parametrize(
    ("severity", "work", "is_unseen"), [("Moderate", "closed", False), ("Severe", "unacknowledged", True)]
)
async def test_an_alert_expires_with_its_hazard(night: Night, severity: str, work: str, is_unseen: bool) -> None:
    await night.report(mudflow(severity=severity, expires=NOW + timedelta(minutes=5)))
    assert await night.expires_after(timedelta(minutes=4)) == 0
    assert await night.expires_after(timedelta(minutes=1)) == 1
    alert = await night.alert()
    assert (alert.validity, alert.work, alert.is_unseen, alert.demand) == ("expired", work, is_unseen, None)
    assert await night.causes("duty") == ["raised", "lapsed"]
    assert await night.passes(timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("changed", "causes"),
    [
        ({"severity": "Extreme"}, ["raised", "lapsed", "returned"]),
        ({"area": {"pcodes": [KADAMJAI, LEILEK]}}, ["raised", "lapsed", "returned"]),
        ({"severity": "Moderate"}, ["raised", "lapsed"]),
    ],
    ids=["graver", "wider", "milder"],
)
async def test_an_expired_alert_revised_with_the_same_end_stays_expired(
    night: Night, changed: dict[str, Any], causes: list[str]
) -> None:
    expires = NOW + timedelta(minutes=5)
    flood = mudflow(area={"pcodes": [KADAMJAI]}, expires=expires)
    await night.report(flood)
    await night.expires_after(timedelta(minutes=6))
    revision = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "expires": expires}
    await night.report(mudflow(**{**revision, "area": flood.area, **changed}))
    assert await night.causes("duty") == causes
    assert await night.expires_after(timedelta(minutes=1)) == 0
    is_back = "returned" in causes
    alert = await night.alert()
    assert (alert.validity, alert.demand) == (("in_force", "acknowledgement") if is_back else ("expired", None))


async def test_an_alert_raised_after_its_hazards_end_still_asks_for_acknowledgement(night: Night) -> None:
    await night.report(mudflow(onset=NOW - timedelta(hours=2), expires=NOW - timedelta(hours=1)))
    assert await night.expires_after(timedelta(minutes=1)) == 0
    assert (await night.alert()).demand == "acknowledgement"


async def test_an_alert_over_a_larger_area_must_be_acknowledged_again(night: Night) -> None:
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await night.report(flood)
    await night.answer()
    wider = {"msg_type": "Update", "area": {"pcodes": [KADAMJAI, LEILEK]}}
    await night.report(mudflow(hazard_id=flood.hazard_id, revision=2, **wider))
    alert = await night.alert()
    assert (alert.work, alert.demand, alert.acknowledged_at) == ("reopened", "acknowledgement", None)
    assert await night.causes("duty") == ["raised", "acknowledged", "widened"]


async def test_unattended_boards_halve_the_escalation_delay(night: Night) -> None:
    await night.touched(NOW)
    night.now += timedelta(minutes=31)
    await night.report(hazard(onset=night.now))
    assert await night.passes(MODERATE / 2 - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1


async def test_one_attended_board_is_enough(night: Night) -> None:
    await night.touched(NOW)
    night.now += timedelta(minutes=31)
    await night.touched(night.now)
    await night.report(hazard(onset=night.now))
    assert await night.passes(MODERATE / 2) == 0
    assert await night.passes(MODERATE / 2) == 1


async def test_a_cancelled_alert_stops_ringing_and_notified_receivers_are_notified(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.told() == [(1, "duty"), (2, "head"), (3, "duty"), (3, "head")]


async def test_an_alert_that_gets_worse_waits_no_longer_than_its_severity_allows(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    night.now += timedelta(minutes=1)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert (await night.alert()).escalates_at == night.now + EXTREME


async def test_an_acknowledged_alert_that_gets_worse_must_be_acknowledged_again(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does("progress", None)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert ((await night.alert()).work, (await night.alert()).demand) == ("reopened", "acknowledgement")
    assert await night.causes("duty") == ["raised", "updated"]
    assert await night.passes(EXTREME) == 1


@pytest.mark.parametrize(
    "revisions", [[{"magnitude": 6.9}], [{"msg_type": "Cancel"}, {}]], ids=["graver", "spoken of again"]
)
async def test_a_resolved_alert_that_comes_into_force_again_must_be_acknowledged_again(
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
    assert await night.causes("head") == ["escalated"]
    await night.answer(Verdict.CONFIRMED)
    assert (await night.alert()).state == "resolved"


@pytest.mark.parametrize(("deed", "due"), [("confirm", 1), ("progress", 0)])
async def test_an_acknowledged_alert_cancelled_and_in_force_again_rings_unless_people_work_on_it(
    night: Night, deed: str, due: int
) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does(deed, None)
    for number, msg_type in enumerate(("Cancel", "Update"), start=2):
        await night.report(hazard(hazard_id=quake.hazard_id, revision=number, msg_type=msg_type))
    assert (await night.alert()).validity == "in_force"
    assert await night.passes(timedelta(minutes=15) - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == due


@pytest.mark.parametrize(
    ("deeds", "is_wound_up"),
    [(["acknowledge"], True), ([], False), (["progress"], False), (["cancelled"], False)],
)
async def test_an_alert_acknowledged_under_an_earlier_release_gets_a_waiting_time(
    night: Night, deeds: list[str], is_wound_up: bool
) -> None:
    quake = hazard()
    await night.report(quake)
    for deed in deeds:
        if deed == "acknowledge":
            await night.answer()
        elif deed == "progress":
            await night.does("progress", None)
        else:
            await night.does("confirm", None)
            await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    migration = importlib.import_module("services.alerts.migrations.0011_clocks_of_acknowledged")
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET escalates_at = NULL, waits_since = NULL"))
        await session.execute(text(migration.WOUND_UP))
    alert = await night.alert()
    waits = alert.escalates_at and alert.waits_since and alert.escalates_at - alert.waits_since
    assert waits == (timedelta(minutes=15) if is_wound_up else None)


async def test_a_worker_that_starts_later_keeps_the_stored_due_times(night: Night, engine: AsyncEngine) -> None:
    await night.report(hazard())
    again = Night(engine)
    again.now = night.now + MODERATE
    assert await again.escalation.escalate() == 1


async def test_only_receivers_that_the_alert_concerns_are_notified(night: Night) -> None:
    await night.receiver("trainer", 1, statuses=frozenset({Status.EXERCISE}))
    await night.receiver("osh", 1, areas=("KG06000000000",))
    await night.report(mudflow())
    await night.passes(timedelta(minutes=10))
    assert await night.told() == [(1, "duty"), (2, "head")]


async def test_a_step_without_receivers_is_skipped(night: Night) -> None:
    await night.only(("duty", 0), ("minister", 2))
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.told() == [(1, "duty"), (2, "minister"), (3, "duty"), (3, "minister")]


async def test_the_first_step_that_takes_the_alert_is_notified_at_once(night: Night) -> None:
    """The duty desk takes only Severe and Extreme alerts: a Moderate one must not wait for its escalation."""
    await night.receiver("duty", 0, floor=Severity.EXTREME)
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert await night.told() == [(1, "head"), (2, "minister")]


async def test_an_alert_without_receivers_still_escalates(night: Night) -> None:
    await night.only()
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert (await night.alert()).level == 1
    assert await night.told() == []
