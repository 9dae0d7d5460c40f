"""Many households displaced from one district in a short time raise one alert."""

import asyncio
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.queries.departures import REGISTERED
from shared.departure_days import departed_on
from shared.events import GroupCounted, HouseholdRegistered, Place
from shared.events.vocabulary import Precision, Severity
from shared.postgres import database
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, TODAY, after_movement, group, held, household
from tests.alerts.post import Post
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


async def test_ten_households_in_one_batch_raise_one_alert(post: Post) -> None:
    assert set(await post(*(household() for _ in range(10)))) == {"alerted households_displaced"}
    alert = await post.alert()
    assert (alert.area, alert.households, alert.severity) == (KADAMJAI, 10, Severity.SEVERE)


async def test_the_evacuated_are_counted_with_the_displaced(post: Post) -> None:
    await post(*(household(mobility="evacuation") for _ in range(5)), *(household() for _ in range(5)))
    assert (await post.alert()).households == 10


async def test_nine_households_are_noted_the_tenth_alerts_and_later_ones_join(post: Post) -> None:
    for _ in range(9):
        assert await post(household()) == ["noted below_threshold"]
    assert await post(household()) == ["alerted households_displaced"]
    assert await post(*(household() for _ in range(5))) == ["alerted households_displaced"] * 5
    assert (await post.alert()).households == 15
    assert await post.event_types() == ["raised", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised")]


@pytest.mark.parametrize("make", [household, lambda: group(persons=5, destination=Place(pcode=ALAI))])
async def test_two_workers_at_one_short_of_the_threshold_do_not_both_miss_it(
    sessions: async_sessionmaker[AsyncSession], make: Callable[[], HouseholdRegistered | GroupCounted]
) -> None:
    async with sessions.begin() as session:
        await Post(session)(*(household() for _ in range(8)))
    async with asyncio.TaskGroup() as tasks, sessions.begin() as first:
        assert await Post(first)(make()) == ["noted below_threshold"]
        second = tasks.create_task(posted(sessions, make()))
        await wait_for(lambda: is_locked_out(sessions))
    assert second.result() == ["alerted households_displaced"]
    async with sessions.begin() as session:
        assert (await Post(session).alert()).figures["persons"] == 50


async def posted(sessions: async_sessionmaker[AsyncSession], *data: HouseholdRegistered | GroupCounted) -> list[str]:
    async with sessions.begin() as session:
        return await Post(session)(*data)


async def is_locked_out(sessions: async_sessionmaker[AsyncSession]) -> bool:
    statement = """
        SELECT true FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
    """
    async with sessions.begin() as session:
        return bool(await session.scalar(text(statement)))


@pytest.mark.parametrize("later", [0, 1])
async def test_the_same_household_again_is_counted_once(post: Post, later: int) -> None:
    """Two teams may report the same household, or a household may be displaced twice in one night."""
    ids = [uuid4() for _ in range(9)]
    await post(*(household(household_id=id) for id in ids))
    again = TODAY + timedelta(days=later)
    await post(*(household(household_id=id, sequence=2, occurred_on=again) for id in ids))
    assert await post.alerts() == []
    assert await post(household(household_id=ids[0], sequence=1)) == ["noted not_newer"]
    assert await post(household()) == ["alerted households_displaced"]
    assert (await post.alert()).households == 10


async def test_only_those_who_are_still_displaced_are_counted(post: Post) -> None:
    homes = [household(persons=6) for _ in range(9)]
    await post(*homes[1:], after_movement(homes[0], 0), homes[0])
    assert await post.alerts() == []
    await post(*(after_movement(home, 2) for home in homes[1:4]))
    assert await post(household(persons=20)) == ["alerted households_displaced"]
    assert (await post.alert()).figures["persons"] == 3 * 2 + 5 * 6 + 20


async def test_an_alert_follows_the_returns(post: Post) -> None:
    homes = [household() for _ in range(12)]
    await post(*homes)
    await post(after_movement(homes[0], 0), after_movement(homes[1], 3))
    alert = await post.alert()
    assert (alert.households, alert.figures["persons"]) == (11, 53)


async def test_households_that_are_forced_onward_are_counted_where_they_were(post: Post) -> None:
    """Nine households left Kadamjai months ago, and left Leilek today.

    Then the report about one departure from Leilek is corrected.
    """
    homes = [household(occurred_on=TODAY - timedelta(days=90)) for _ in range(9)]
    await post(*homes)
    forced = [household(household_id=home.household_id, origin=Place(pcode=LEILEK)).model_dump() for home in homes]
    await post(*(after_movement(home, 4, displacement=left) for home, left in zip(homes, forced, strict=True)))
    assert await post.alerts() == []
    await post(household(origin=Place(pcode=LEILEK)), household(origin=Place(pcode=LEILEK)))
    alert = await post.alert()
    assert (alert.area, alert.households, alert.figures["persons"]) == (LEILEK, 11, 46)
    wrong = {**forced[0], "origin": {"country": "ZZ"}}
    await post(after_movement(homes[0], 5, displacement=wrong, sequence=3))
    assert (await post.alert()).households == 10


async def test_a_household_displaced_again_elsewhere_still_counts_in_its_first_district(post: Post) -> None:
    first = [household() for _ in range(9)]
    await post(*first)
    onward = {"sequence": 2, "origin": Place(pcode=LEILEK), "destination": Place(pcode=ALAI)}
    await post(*(household(household_id=one.household_id, **onward) for one in first[:4]))
    assert await post(household()) == ["alerted households_displaced"]
    alert = await post.alert()
    assert (alert.area, alert.households) == (KADAMJAI, 10)


async def test_a_displacement_reported_after_a_later_one_counts_too(post: Post) -> None:
    onward = household(origin=Place(pcode=LEILEK), destination=Place(pcode=ALAI))
    await post(onward, *(household() for _ in range(9)))
    assert await post(beside(onward, household())) == ["alerted households_displaced"]
    alert = await post.alert()
    assert (alert.area, alert.households) == (KADAMJAI, 10)


@pytest.mark.parametrize(
    "changed", [{"status": "Exercise"}, {"mobility": "unable_to_move"}, {"origin": Place(country="TJ")}]
)
async def test_a_corrected_earlier_displacement_is_counted_again(post: Post, changed: dict[str, Any]) -> None:
    first = household(origin=Place(pcode=LEILEK), destination=Place(pcode=KADAMJAI))
    onward = household(household_id=first.household_id, sequence=2)
    await post(first, onward, *(household() for _ in range(8)))
    await post(beside(first, household(report_id=onward.report_id, **changed), sequence=3))
    assert await post(household()) == ["noted below_threshold"]


def beside(stands: HouseholdRegistered, moved: HouseholdRegistered, sequence: int = 2) -> HouseholdRegistered:
    return household(**dict(stands) | {"sequence": sequence, "displacement": moved.model_dump()})


async def test_a_correction_takes_a_household_out_of_the_count(post: Post) -> None:
    moved = household()
    await post(moved, *(household() for _ in range(10)))
    await post(corrected(moved, origin=Place(pcode=LEILEK)))
    assert (await post.alert()).households == 10


async def test_a_correction_below_the_threshold_ends_the_alert_and_another_household_renews_it(post: Post) -> None:
    wrong = [household() for _ in range(3)]
    await post(*wrong, *(household() for _ in range(7)))
    await post(*(corrected(one, status="Exercise") for one in wrong))
    alert = await post.alert()
    assert (alert.is_lapsed, alert.reason, alert.escalates_at) == (True, "below_threshold", None)
    assert await post(household(), household()) == ["noted below_threshold"] * 2
    assert await post(household()) == ["alerted households_displaced"]
    assert await post.event_types() == ["raised", "updated", "updated"]
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "lapsed"), ("duty", 3, "returned")]


async def test_households_of_a_withdrawn_alert_can_count_for_another_alert(post: Post) -> None:
    wrong = [household() for _ in range(10)]
    await post(*wrong)
    await post(*(corrected(one, status="Exercise") for one in wrong))
    tomorrow, after = TODAY + timedelta(days=1), TODAY + timedelta(days=2)
    await post(*(household(occurred_on=tomorrow) for _ in range(5)))
    assert set(await post(*(household(occurred_on=after) for _ in range(5)))) == {"alerted households_displaced"}
    assert [(one.is_lapsed, one.situation) for one in await post.alerts() if one.status == "Actual"] == [
        (True, TODAY.isoformat()),
        (False, tomorrow.isoformat()),
    ]


@pytest.mark.parametrize(("within", "beside_it"), [(0, -1), (1, 2)])
async def test_the_other_households_of_a_withdrawn_alert_count_for_the_neighbouring_night(
    post: Post, within: int, beside_it: int
) -> None:
    wrong = [household() for _ in range(10)]
    await post(*wrong, *(household(occurred_on=TODAY + timedelta(days=within)) for _ in range(4)))
    right = [household(occurred_on=TODAY + timedelta(days=beside_it)) for _ in range(6)]
    assert set(await post(*right)) == {"noted below_threshold"}
    await post(*(corrected(one, origin=Place(country="TJ")) for one in wrong))
    assert {(one.is_lapsed, one.households) for one in await post.alerts()} == {(True, 14), (False, 10)}


async def test_an_alert_that_notified_nobody_ends_without_notification(post: Post) -> None:
    post.now += timedelta(days=8)
    wrong = [household() for _ in range(10)]
    assert set(await post(*wrong)) == {"suppressed too_old"}
    await post(*(corrected(one, origin=Place(country="TJ")) for one in wrong))
    assert await post.event_types() == ["suppressed"]


async def test_a_correction_after_the_maximum_age_ends_no_alert(post: Post) -> None:
    wrong = household()
    await post(wrong, *(household() for _ in range(9)))
    post.now += timedelta(days=9)
    await post(corrected(wrong, status="Exercise"))
    assert await post.deliveries() == [("duty", 1, "raised")]


def corrected(first: HouseholdRegistered, **changed: Any) -> HouseholdRegistered:
    return household(household_id=first.household_id, report_id=first.report_id, sequence=2, **changed)


BY_THE_RELEASE_BEFORE = """
INSERT INTO households (household_id, sequence, status, mobility, occurred_on, is_day, origin_area)
VALUES (:household_id, 1, 'Actual', 'displacement', :on, true, :area)
"""


async def told_before(post: Post, count: int) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    rows = [{"household_id": id, "on": TODAY, "area": KADAMJAI} for id in ids]
    await post.session.execute(text(BY_THE_RELEASE_BEFORE), rows)
    return ids


async def test_rows_that_the_release_before_writes_during_an_update_count_too(post: Post) -> None:
    await told_before(post, 9)
    assert await post(household()) == ["alerted households_displaced"]


async def test_rows_of_the_release_before_can_be_corrected(post: Post) -> None:
    wrong, again, *_ = await told_before(post, 9)
    await post(household(household_id=wrong, version=2, sequence=2, origin=Place(pcode=LEILEK)))
    assert await post(household()) == ["noted below_threshold"]
    await post(household(household_id=again, sequence=2, origin=Place(pcode=LEILEK)))
    assert await post(household()) == ["alerted households_displaced"]


async def test_the_release_before_reads_rows_of_this_release(post: Post) -> None:
    await post(household())
    assert await post.fetch("SELECT is_day, occurred_on IS NOT NULL FROM households") == [(False, True)]


@pytest.mark.parametrize("changed", [{"mobility": "migration"}, {"origin": Place(country="TJ")}])
async def test_a_household_corrected_to_no_displacement_from_the_district_is_no_longer_counted(
    post: Post, changed: dict[str, Any]
) -> None:
    wrong = household()
    await post(wrong, *(household() for _ in range(8)))
    await post(corrected(wrong, **changed))
    assert await post(household()) == ["noted below_threshold"]


@pytest.mark.parametrize(
    "changed",
    [
        {"mobility": "migration"},
        {"mobility": "planned_relocation"},
        {"occurred_on_precision": "month"},
        {"origin": Place(country="TJ")},
    ],
)
async def test_some_households_do_not_count_towards_the_threshold(post: Post, changed: dict[str, Any]) -> None:
    assert set(await post(*(household(**changed) for _ in range(20)))) == {"noted no_rule"}
    assert await post.alerts() == []


async def test_people_who_left_about_a_date_count_on_the_day_of_their_report(post: Post) -> None:
    about = {"occurred_on": TODAY - timedelta(days=3), "occurred_on_precision": "week", "reported_on": TODAY}
    homes = [household(**about) for _ in range(4)]
    assert set(await post(*homes, *(household() for _ in range(5)))) == {"noted below_threshold"}
    assert await post(held(household(**about))) == ["alerted households_displaced"]
    alert = await post.alert()
    assert (alert.households, alert.figures["persons"], alert.figures["newest"]) == (9, 50, TODAY.isoformat())
    await post(household(), corrected(homes[0], **{**about, "occurred_on": TODAY - timedelta(days=10)}))
    assert (await post.alert()).households == 9


@pytest.mark.parametrize(
    ("precision", "reported", "counts"),
    [
        (Precision.HOUR, 2, 0),
        (Precision.DAY, 2, 0),
        (Precision.WEEK, None, 0),  # events of an earlier release of Dayar may have the precision of a week
        (Precision.WEEK, 0, 0),
        (Precision.WEEK, 2, 2),
        (Precision.WEEK, 3, 3),
        (Precision.WEEK, 30, 3),  # a difference of more than three days counts as three days
        (Precision.WEEK, -30, -3),
        (Precision.MONTH, 2, None),
        (Precision.SEASON, 2, None),
        (Precision.YEAR, 2, None),
    ],
)
def test_an_unknown_hour_falls_back_to_the_report(
    precision: Precision, reported: int | None, counts: int | None
) -> None:
    def day(number: int | None) -> date | None:
        return None if number is None else TODAY + timedelta(days=number)

    assert departed_on(TODAY, precision, day(reported)) == day(counts)


async def test_districts_are_counted_separately(post: Post) -> None:
    origins = [Place(pcode=KADAMJAI)] * 6 + [Place(pcode=ALAI)] * 6
    await post(*(household(origin=origin) for origin in origins))
    assert await post.alerts() == []


async def test_an_old_displacement_is_recorded_and_notifies_nobody(post: Post) -> None:
    old = TODAY - timedelta(days=30)
    outcomes = await post(*(household(occurred_on=old) for _ in range(12)))
    assert set(outcomes) == {"suppressed too_old"}
    assert await post.event_types() == ["suppressed"]
    assert await post.deliveries() == []


async def test_departures_are_looked_up_by_index_however_many_there_are(session: AsyncSession) -> None:
    await session.execute(
        text(
            "INSERT INTO departed_by_destination (status, area, moves, destination, last_on, households, persons) "
            "SELECT 'Actual', area, ARRAY[day || ' displacement'], '', day, 1, 5 "
            "FROM unnest(CAST(:areas AS text[])) AS area, "
            "generate_series(date '2000-01-01', date '2020-01-01', '1 day') AS moment, date(moment) AS day"
        ),
        {"areas": [ALAI, KADAMJAI, LEILEK]},
    )
    await session.execute(text("ANALYZE departed_by_destination"))
    connection = await database.driver(session)
    plan = await connection.fetch(f"EXPLAIN {REGISTERED}", [KADAMJAI] * 60, [TODAY] * 60, [TODAY] * 60)
    lines = [line for (line,) in plan]
    assert any("ix_departed_by_destination_area_last_on" in line for line in lines), lines
    assert not any("Seq Scan" in line for line in lines), lines
