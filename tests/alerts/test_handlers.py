"""What becomes of hazards and households: alerts, what is told of them, and the word that each position gets."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts import queries
from services.alerts.alerts import Alert
from services.alerts.handlers import Watch
from services.alerts.receivers import Receiver
from shared import database
from shared.events import HazardReported, HouseholdRegistered, Place
from shared.events.vocabulary import Channel, Severity, Status
from shared.places import Places
from tests.alerts.factories import (
    ALAI,
    BATKEN,
    KADAMJAI,
    LEILEK,
    NOW,
    TODAY,
    deed,
    hazard,
    household,
    mudflow,
    received,
    rules,
)
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


class Post:
    """Gives what comes to the handler, a batch a call, and looks at what stands in the tables after."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.now = NOW
        self.watch = Watch(rules(), Places.load(), clock=lambda: self.now)

    async def __call__(self, *data: HazardReported | HouseholdRegistered) -> list[str]:
        outcomes = await self.watch([received(one) for one in data], self.session)
        return [f"{outcome.kind} {outcome.reason}" for outcome in outcomes]

    async def alerts(self) -> list[Alert]:
        rows = await self.fetch(f"{queries.SELECT_ALERTS} ORDER BY kind, raised_at, area, situation")
        return [queries.alert_of(row._mapping) for row in rows]

    async def alert(self) -> Alert:
        (alert,) = await self.alerts()
        return alert

    async def told(self) -> list[str]:
        """The types of the alert events that wait in the outbox, in order."""
        rows = await self.fetch("SELECT convert_from(headers, 'utf8') FROM outbox WHERE topic = 'alerts' ORDER BY id")
        return [deed(row[0]) for row in rows]

    async def deliveries(self) -> list[tuple[str, int, str]]:
        rows = await self.fetch("SELECT recipient, step, cause FROM deliveries ORDER BY step, recipient")
        return [tuple(row) for row in rows]

    async def fetch(self, statement: str) -> list[Any]:
        return list(await self.session.execute(text(statement)))

    async def receiver(self, label: str, **changed: Any) -> None:
        receiver = Receiver(label, Channel.WEBHOOK, "https://hook.example/", **changed)
        await queries.save_receiver(self.session, receiver)


@pytest.fixture
async def sessions(engine: AsyncEngine) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    """For what two workers do at one time: it is committed, and taken away after."""
    yield database.sessions(engine)
    async with engine.begin() as connection:
        await connection.execute(text("TRUNCATE alerts, hazards, households, receivers, deliveries, outbox"))


@pytest.fixture
async def post(session: AsyncSession) -> Post:
    made = Post(session)
    await made.receiver("duty")
    return made


async def test_the_quake_of_sary_tash_raises_one_moderate_alert(post: Post) -> None:
    quake = hazard()
    assert await post(quake) == ["alerted quake_magnitude"]
    alert = await post.alert()
    assert (alert.severity, alert.hazard_id, alert.pcodes) == (Severity.MODERATE, quake.hazard_id, (ALAI,))
    assert (alert.nature, alert.report_id, alert.is_suppressed) == ("machine", quake.report_id, False)
    assert await post.told() == ["raised"]
    assert await post.deliveries() == [("duty", 1, "raised")]


async def test_an_old_quake_is_recorded_and_told_to_nobody(post: Post) -> None:
    old = hazard(onset=NOW - timedelta(days=3650), magnitude=7.8)
    assert await post(old) == ["suppressed too_old"]
    assert (await post.alert()).reason == "too_old"
    assert await post.told() == ["suppressed"]
    assert await post.deliveries() == []
    again = hazard(hazard_id=old.hazard_id, revision=2, onset=old.onset, magnitude=7.9, msg_type="Update")
    assert await post(again) == ["suppressed too_old"]
    assert await post.told() == ["suppressed"]


async def test_a_graver_revision_updates_the_alert_and_tells_again(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, magnitude=6.6)) == ["alerted quake_magnitude"]
    alert = await post.alert()
    assert (alert.severity, alert.sequence, alert.figures["magnitude"]) == (Severity.EXTREME, 2, 6.6)
    assert await post.told() == ["raised", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "updated")]


async def test_a_milder_revision_updates_the_alert_and_pages_nobody(post: Post) -> None:
    quake = hazard(magnitude=5.6)
    await post(quake)
    await post(revised(quake, 2, magnitude=5.1))
    assert (await post.alert()).severity is Severity.MODERATE
    assert await post.deliveries() == [("duty", 1, "raised")]


async def test_an_older_or_equal_revision_changes_nothing(post: Post) -> None:
    quake = hazard(revision=5)
    await post(quake)
    for revision in (4, 5):
        assert await post(revised(quake, revision, magnitude=7.0)) == ["noted not_newer"]
    assert (await post.alert()).sequence == 1


async def test_a_cancelled_hazard_is_said_once_and_left_for_a_person_to_close(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, msg_type="Cancel")) == ["alerted cancelled"]
    alert = await post.alert()
    assert (alert.reason, alert.is_lapsed, alert.escalates_at, alert.resolved_at) == ("cancelled", True, None, None)
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "lapsed")]
    assert await post(revised(quake, 3, msg_type="Cancel")) == ["alerted cancelled"]
    assert await post.told() == ["raised", "updated"]


async def test_revised_below_the_threshold_the_alert_lapses_and_above_it_comes_back(post: Post) -> None:
    quake = hazard()
    await post(quake)
    assert await post(revised(quake, 2, magnitude=4.2)) == ["alerted below_threshold"]
    assert (await post.alert()).is_lapsed
    assert await post(revised(quake, 3, magnitude=4.8)) == ["alerted quake_magnitude"]
    alert = await post.alert()
    assert not alert.is_lapsed and alert.escalates_at is not None
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "lapsed", "updated"]


async def test_cancelled_before_it_was_known_is_noted(post: Post) -> None:
    assert await post(hazard(msg_type="Cancel")) == ["noted cancelled"]
    assert await post.alerts() == []


async def test_raised_and_cancelled_in_one_batch(post: Post) -> None:
    quake = hazard()
    assert await post(quake, revised(quake, 2, msg_type="Cancel")) == ["alerted quake_magnitude", "alerted cancelled"]
    assert await post.told() == ["raised", "updated"]


async def test_each_hazard_report_is_owed_one_outcome(post: Post) -> None:
    await post(hazard(), hazard(magnitude=3.0), hazard(onset=NOW - timedelta(days=9)), household())
    rows = await post.fetch(
        "SELECT convert_from(value, 'utf8')::json ->> 'outcome' FROM outbox WHERE topic = 'outcomes' ORDER BY id"
    )
    assert [row[0] for row in rows] == ["alerted", "noted", "suppressed"]


async def test_ten_households_in_one_batch_raise_one_alert(post: Post) -> None:
    assert set(await post(*(household() for _ in range(10)))) == {"alerted households_displaced"}
    alert = await post.alert()
    assert (alert.area, alert.households, alert.severity) == (KADAMJAI, 10, Severity.SEVERE)


async def test_nine_are_noted_the_tenth_alerts_the_rest_join(post: Post) -> None:
    for _ in range(9):
        assert await post(household()) == ["noted below_threshold"]
    assert await post(household()) == ["alerted households_displaced"]
    assert await post(*(household() for _ in range(5))) == ["alerted households_displaced"] * 5
    assert (await post.alert()).households == 15
    assert await post.told() == ["raised", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised")]


async def test_two_workers_at_one_short_of_the_threshold_do_not_both_miss_it(
    sessions: async_sessionmaker[AsyncSession],
) -> None:
    async with sessions.begin() as session:
        await Post(session)(*(household() for _ in range(8)))
    async with asyncio.TaskGroup() as group, sessions.begin() as first:
        assert await Post(first)(household()) == ["noted below_threshold"]
        second = group.create_task(posted(sessions, household()))
        await wait_for(lambda: is_locked_out(sessions))
    assert second.result() == ["alerted households_displaced"]
    async with sessions.begin() as session:
        assert (await Post(session).alert()).households == 10


async def posted(sessions: async_sessionmaker[AsyncSession], *data: HouseholdRegistered) -> list[str]:
    async with sessions.begin() as session:
        return await Post(session)(*data)


async def is_locked_out(sessions: async_sessionmaker[AsyncSession]) -> bool:
    statement = """
        SELECT true FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
    """
    async with sessions.begin() as session:
        return bool(await session.scalar(text(statement)))


async def test_the_same_household_again_is_counted_once(post: Post) -> None:
    ids = [uuid4() for _ in range(9)]
    await post(*(household(household_id=id) for id in ids))
    await post(*(household(household_id=id, sequence=2, persons=6) for id in ids))
    assert await post.alerts() == []
    assert await post(household(household_id=ids[0], sequence=1)) == ["noted not_newer"]


async def test_a_correction_takes_a_household_out_of_the_count(post: Post) -> None:
    moved = household()
    await post(moved, *(household() for _ in range(9)))
    await post(household(household_id=moved.household_id, sequence=2, origin=Place(pcode=LEILEK)))
    assert (await post.alert()).households == 9


@pytest.mark.parametrize(
    "changed",
    [
        {"mobility": "migration"},
        {"mobility": "planned_relocation"},
        {"occurred_on_precision": "month"},
        {"origin": Place(country="TJ")},
    ],
)
async def test_what_does_not_count_towards_the_threshold(post: Post, changed: dict[str, Any]) -> None:
    assert set(await post(*(household(**changed) for _ in range(20)))) == {"noted no_rule"}
    assert await post.alerts() == []


async def test_districts_are_counted_apart(post: Post) -> None:
    origins = [Place(pcode=KADAMJAI)] * 6 + [Place(pcode=ALAI)] * 6
    await post(*(household(origin=origin) for origin in origins))
    assert await post.alerts() == []


async def test_old_displacement_is_recorded_and_told_to_nobody(post: Post) -> None:
    old = TODAY - timedelta(days=30)
    said = await post(*(household(occurred_on=old) for _ in range(12)))
    assert set(said) == {"suppressed too_old"}
    assert await post.told() == ["suppressed"]
    assert await post.deliveries() == []


async def test_a_hazard_over_where_displaced_households_live(post: Post) -> None:
    await post(household(), household())
    await post(mudflow(area={"pcodes": [LEILEK]}))
    exposure, own = await post.alerts()
    assert (exposure.kind, exposure.area, exposure.households) == ("exposure", LEILEK, 2)
    assert (own.kind, own.severity) == ("hazard", Severity.SEVERE)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"severity": "Minor"}, "below_threshold"),
        ({"area": {"pcodes": [ALAI]}}, "moved_away"),
        ({"msg_type": "Cancel"}, "cancelled"),
    ],
)
async def test_revised_so_that_it_threatens_the_displaced_no_more_it_is_taken_back(
    post: Post, changed: dict[str, Any], reason: str
) -> None:
    flood = mudflow(area={"pcodes": [LEILEK, KADAMJAI]})
    await post(household(), household(destination=Place(pcode=KADAMJAI)), flood)
    assert [alert.kind for alert in await post.alerts()] == ["exposure", "exposure", "hazard"]
    again = {"hazard_id": flood.hazard_id, "revision": 2, "msg_type": "Update", "area": {"pcodes": [LEILEK, KADAMJAI]}}
    await post(mudflow(**{**again, **changed}))
    exposure = (await post.alerts())[:2]
    assert [(one.is_lapsed, one.reason, one.escalates_at) for one in exposure] == [(True, reason, None)] * 2


async def test_where_nobody_displaced_lives_any_more_it_is_taken_back_and_where_one_comes_it_is_back(
    post: Post,
) -> None:
    guest = household()
    await post(mudflow(area={"pcodes": [LEILEK]}), guest)
    await post(household(household_id=guest.household_id, sequence=2, destination=Place(pcode=ALAI)))
    exposure, own = await post.alerts()
    assert (exposure.is_lapsed, exposure.escalates_at, own.is_lapsed) == (True, None, False)
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    exposure, _ = await post.alerts()
    assert not exposure.is_lapsed and exposure.escalates_at
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "raised", "lapsed", "updated"]


async def test_households_that_arrive_under_a_hazard(post: Post) -> None:
    await post(mudflow(area={"pcodes": [BATKEN]}))
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    assert await post(household()) == ["alerted displaced_in_hazard_area"]
    exposure, _ = await post.alerts()
    assert (exposure.area, exposure.households) == (LEILEK, 2)


async def test_whoever_the_hazard_drove_out_is_not_counted_as_exposed_to_it(post: Post) -> None:
    flood = mudflow(area={"pcodes": [LEILEK]})
    await post(flood)
    assert await post(household(hazard_id=flood.hazard_id)) == ["noted below_threshold"]


async def test_a_hazard_that_is_over_exposes_nobody(post: Post) -> None:
    await post(mudflow(area={"pcodes": [LEILEK]}))
    post.now = NOW + timedelta(hours=7)
    assert await post(household()) == ["noted below_threshold"]


async def test_exercise_and_actual_never_meet(post: Post) -> None:
    await post.receiver("trainer", statuses=frozenset({Status.EXERCISE}))
    await post(*(household(status="Exercise") for _ in range(5)), *(household() for _ in range(5)))
    assert await post.alerts() == []
    await post(mudflow(status="Exercise", area={"pcodes": [LEILEK]}))
    assert {alert.status for alert in await post.alerts()} == {Status.EXERCISE}
    assert {recipient for recipient, _, _ in await post.deliveries()} == {"trainer"}


@pytest.mark.parametrize("status", ["System", "Draft"])
async def test_what_is_for_no_person_is_noted(post: Post, status: str) -> None:
    assert await post(hazard(status=status)) == ["noted status_not_alerted"]


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({"areas": ("KG06000000000",)}, True),
        ({"areas": (KADAMJAI,)}, False),
        ({"areas": ("KG",)}, True),
        ({"floor": Severity.SEVERE}, False),
        ({"floor": Severity.MODERATE}, True),
        ({"step": 1}, False),
    ],
)
async def test_who_is_told(post: Post, changed: dict[str, Any], is_told: bool) -> None:
    await post.receiver("other", **changed)
    await post(hazard())
    assert (("other", 1, "raised") in await post.deliveries()) is is_told


def revised(quake: HazardReported, revision: int, **changed: Any) -> HazardReported:
    msg_type = changed.pop("msg_type", "Update")
    return hazard(
        hazard_id=quake.hazard_id, revision=revision, msg_type=msg_type, **{"magnitude": quake.magnitude, **changed}
    )
