"""Counted groups and registered households from one district raise one common alert.

The alert is the same in any order of counts and households.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.queries import alerts as alert_queries
from shared.country import TIME_ZONE
from shared.events import EventData, GroupCounted, HouseholdRegistered, Place
from shared.postgres import database
from tests.alerts.examples import Examples
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, TODAY, AnyEvent, group, household
from tests.alerts.post import Post

UNKNOWN = Place(country="ZZ")
Report = GroupCounted | HouseholdRegistered
E = TypeVar("E", bound=EventData)


def later(count: GroupCounted, **changed: Any) -> GroupCounted:
    return group(**count.model_dump() | {"sequence": count.sequence + 1, **changed})


@pytest.mark.anyio
async def test_four_reports_of_one_evening_raise_one_alert(post: Post) -> None:
    """On 5 May 2022, four calls reported the people who fled the mudflow in Batken oblast.

    No household of theirs was registered yet.
    """
    evening = date(2022, 5, 5)
    post.now = post.now.replace(year=2022, month=5, day=5, hour=15)
    reports = [
        {"persons": 70, "households": 20, "destination": UNKNOWN, "origin_locality": "Чоко-Добо"},
        {"persons": 150, "households": 45, "destination": UNKNOWN, "origin_locality": "Комсомол"},
        {"persons": 37, "households": 10, "destination_locality": "Тобей мечити", "destination": Place(pcode=KADAMJAI)},
        {"persons": 26, "destination_locality": "чайкана", "destination": Place(pcode=KADAMJAI)},
    ]
    for report in reports:
        assert await post(group(occurred_on=evening, **report)) == ["alerted households_displaced"]
    alert = await post.alert()
    assert (alert.area, alert.figures["persons"], alert.figures["counted_persons"]) == (KADAMJAI, 283, 283)
    assert (alert.figures["reports"], alert.figures["families"], alert.households) == (4, 75, 0)
    # the alert was raised at 70 persons; a second message came when it exceeded 200 persons
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "grown"]


@pytest.mark.anyio
async def test_persons_estimated_from_families_count_for_the_alarm(post: Post) -> None:
    estimated = {"persons_estimated": True, "quantifier": "approximately"}
    assert await post(group(persons=45, households=9, **estimated)) == ["noted below_threshold"]
    last = group(persons=5, households=1, **estimated)
    assert await post(last) == ["alerted households_displaced"]
    figures = (await post.alert()).figures
    assert (figures["persons"], figures["estimated_persons"]) == (50, 50)
    await post(later(last, persons_estimated=False, quantifier="exact"))
    figures = (await post.alert()).figures
    assert (figures["persons"], figures["estimated_persons"]) == (50, 45)


@pytest.mark.anyio
async def test_people_who_left_about_a_date_count_on_the_day_of_a_count_without_an_hour(post: Post) -> None:
    about = {"occurred_on": TODAY - timedelta(days=3), "occurred_on_precision": "week", "counted_at_precision": "day"}
    yesterday, earlier = (datetime.combine(TODAY - timedelta(days=days), time.max, TIME_ZONE) for days in (1, 3))
    assert await post(group(persons=60, counted_at=yesterday, **about)) == ["alerted households_displaced"]
    await post(group(persons=40, counted_at=earlier, **about))
    figures = (await post.alert()).figures
    assert (figures["persons"], figures["newest"]) == (60, (TODAY - timedelta(days=1)).isoformat())


@pytest.mark.anyio
async def test_each_step_notifies_once_and_asks_for_a_new_acknowledgement(post: Post) -> None:
    first = group(persons=199)
    await post(first)
    await post.session.execute(text("UPDATE alerts SET acknowledged_at = raised_at, acknowledged_name = 'Айбек'"))
    await post(grown := later(first, persons=200))
    alert = await post.alert()
    assert (alert.acknowledged_at, alert.demand) == (None, "acknowledgement")
    await post(fallen := later(grown, persons=150))
    await post(again := later(fallen, persons=250))
    await post(later(again, persons=1_200))
    assert await post.deliveries() == [("duty", 1, "raised"), ("duty", 2, "grown"), ("duty", 3, "grown")]


@pytest.mark.anyio
async def test_people_of_a_group_who_returned_no_longer_count_for_the_alarm(post: Post) -> None:
    count = group(persons=70, households=20)
    await post(count)
    gone = {"returned": 35, "settled": 0, "confirmed_on": TODAY}
    await post(fallen := later(count, whereabouts={"displaced": 35, **gone}))
    alert = await post.alert()
    assert (alert.is_lapsed, alert.figures["persons"], alert.figures["families"]) == (False, 35, 10)
    await post(later(fallen, whereabouts={"displaced": 0, **gone, "returned": 70}))
    assert (await post.alert()).is_lapsed


@pytest.mark.anyio
async def test_a_superseded_count_ends_the_alert_and_standing_again_brings_it_back(post: Post) -> None:
    count = group(persons=60)
    await post(count)
    await post(replaced := later(count, superseded_by=uuid4()))
    assert (await post.alert()).is_lapsed
    assert await post(later(replaced, superseded_by=None)) == ["alerted households_displaced"]
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "lapsed", "returned"]
    assert await post(count) == ["noted not_newer"]


@pytest.mark.anyio
async def test_the_partial_counts_of_one_group_are_added(post: Post) -> None:
    first = group(persons=40)
    assert await post(first) == ["noted below_threshold"]
    assert await post(group(group_id=first.group_id, persons=40, sequence=2)) == ["alerted households_displaced"]
    assert (await post.alert()).figures["persons"] == 80


@pytest.mark.anyio
async def test_a_replaced_count_of_the_group_that_arrives_late_does_not_take_the_place_of_the_recount(
    post: Post,
) -> None:
    recount = group(persons=60, is_full_recount=True)
    await post(recount)
    assert await post(group(group_id=recount.group_id, persons=49, superseded_by=recount.report_id, sequence=2)) == [
        "noted no_rule"
    ]
    assert [(alert.is_lapsed, alert.figures["persons"]) for alert in await post.alerts()] == [(False, 60)]


@pytest.mark.anyio
@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "teams disagree"])
@pytest.mark.parametrize("is_in_order", [True, False], ids=["in order", "the recount arrives first"])
async def test_a_recount_with_a_later_departure_stays_in_the_alert_of_the_first_count(
    post: Post, is_replaced: bool, is_in_order: bool
) -> None:
    """A recount five days later states a later departure of the same people.

    The people stay in the alert of the first count.
    """
    stock_id, later_on = uuid4(), TODAY + timedelta(days=5)
    post.now += timedelta(days=5)
    recount = group(stock_id=stock_id, persons=70, occurred_on=later_on, sequence=2)
    first = group(stock_id=stock_id, persons=60)
    replaced = later(first, superseded_by=recount.report_id, sequence=3)
    events = [first, recount] if is_in_order else [recount, first]
    for event in [*events, replaced] if is_replaced else events:
        await post(event)
    assert [
        (alert.area, alert.figures["persons"], TODAY.isoformat() <= alert.figures["last"] < later_on.isoformat())
        for alert in await post.alerts()
        if not alert.is_lapsed
    ] == [(KADAMJAI, 70, True)]


@pytest.mark.anyio
@pytest.mark.parametrize("is_first", [True, False], ids=["the recount arrives first", "the recount arrives later"])
async def test_a_recount_is_never_added_to_the_counts_that_it_replaces(post: Post, is_first: bool) -> None:
    """The event "the earlier count is replaced" may arrive after the recount."""
    partial = group(persons=49)
    recount = group(persons=49, is_full_recount=True, replaces=[partial.report_id], sequence=2)
    for event in (recount, partial) if is_first else (partial, recount):
        assert await post(event) == ["noted below_threshold"]
    replaced = later(partial, superseded_by=recount.report_id, sequence=3)
    await post(replaced)
    assert await post.alerts() == []
    await post(later(replaced, superseded_by=None))  # a correction made the recount a partial count
    assert (await post.alert()).figures["persons"] == 98


@pytest.mark.anyio
async def test_people_who_flee_the_same_way_months_later_raise_an_alert_of_their_own(post: Post) -> None:
    first = group(persons=60)
    await post(first)
    post.now += timedelta(days=90)
    again = group(stock_id=first.stock_id, persons=80, occurred_on=TODAY + timedelta(days=90), sequence=3)
    assert await post(again, later(first, superseded_by=again.report_id)) == [
        "alerted households_displaced",
        "noted no_rule",
    ]


@pytest.mark.anyio
async def test_growth_that_a_recount_reports_a_week_later_notifies_again(post: Post) -> None:
    first = group(persons=60)
    await post(first)
    post.now += timedelta(days=10)
    await post(group(stock_id=first.stock_id, persons=500, occurred_on=TODAY + timedelta(days=10), sequence=2))
    assert [cause for _, _, cause in await post.deliveries()] == ["raised", "grown"]


@pytest.mark.anyio
async def test_a_corrected_count_leaves_its_former_district(post: Post) -> None:
    count = group(persons=60)
    await post(count)
    await post(later(count, version=2, origin=Place(pcode=ALAI)))
    assert {(alert.area, alert.is_lapsed) for alert in await post.alerts()} == {(KADAMJAI, True), (ALAI, False)}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "changed",
    [
        {"measure": "flow"},
        {"mobility": "migration"},
        {"origin": Place(country="TJ")},
        {"occurred_on_precision": "month"},
        {"status": "System"},
        {"superseded_by": uuid4()},
    ],
)
async def test_some_counts_raise_no_alert(post: Post, changed: dict[str, Any]) -> None:
    assert await post(group(persons=900, **changed)) == ["noted no_rule"]
    assert await post.alerts() == []


@pytest.mark.anyio
@pytest.mark.parametrize("precision", ["hour", "day", "week"])
async def test_a_date_that_is_known_about_counts(post: Post, precision: str) -> None:
    await post(group(persons=49, occurred_on_precision=precision))
    assert await post(household(destination=Place(pcode=ALAI), persons=1, occurred_on_precision=precision)) == [
        "alerted households_displaced"
    ]


@pytest.mark.anyio
async def test_households_registered_later_at_the_place_of_a_count_are_not_added(post: Post) -> None:
    await post(group(persons=45))
    assert set(await post(*(household(persons=5) for _ in range(9)))) == {"noted below_threshold"}
    moved = household(persons=5)
    assert await post(moved) == ["alerted households_displaced"]
    assert (await post.alert()).figures["persons"] == 50
    await post(household(household_id=moved.household_id, report_id=moved.report_id, sequence=2, persons=9, version=2))
    assert (await post.alert()).figures["registered_persons"] == 54


GROUP = UUID(int=10)
STOCKS = [UUID(int=number) for number in range(3)]
STATES = st.fixed_dictionaries(
    {
        "persons": st.integers(0, 260),
        "stock_id": st.sampled_from(STOCKS),
        "destination": st.sampled_from([Place(pcode=LEILEK), Place(pcode=ALAI), UNKNOWN]),
        "superseded_by": st.sampled_from([None, None, UUID(int=9)]),
    }
)
SIZES = st.fixed_dictionaries(
    {
        "persons": st.integers(1, 30),
        "destination": st.sampled_from([Place(pcode=LEILEK), Place(pcode=ALAI), UNKNOWN]),
        "origin": st.sampled_from([Place(pcode=KADAMJAI), Place(pcode=KADAMJAI), Place(pcode=ALAI)]),
    }
)


def histories(drawn: Sequence[Sequence[dict[str, Any]]], make: Any, key: str) -> list[list[Any]]:
    made = []
    for versions in drawn:
        own = {key: versions[0].get(key, uuid4()), "report_id": uuid4()}
        made.append([make(**each | own, version=n, sequence=n) for n, each in enumerate(versions, 1)])
    return made


def expected(groups: Sequence[GroupCounted], households: Sequence[HouseholdRegistered], origin: str) -> tuple[int, ...]:
    stocks = defaultdict[tuple[str | None, UUID], int](int)
    for count in groups:
        if count.superseded_by is None and count.origin.pcode == origin:
            key = count.destination.pcode, count.stock_id
            stocks[key] = max(stocks[key], count.persons)
    left = [one for one in households if one.origin.pcode == origin]
    places = (LEILEK, ALAI, None)
    counted = {place: sum(number for (there, _), number in stocks.items() if there == place) for place in places}
    known = {place: sum(one.persons for one in left if one.destination.pcode == place) for place in places}
    total = sum(max(counted[place], known[place]) for place in places)
    return total, sum(counted.values()), sum(known.values()), len(left)


@settings(max_examples=25)
@given(
    groups=st.lists(st.lists(STATES, min_size=1, max_size=3), max_size=4),
    households=st.lists(st.lists(SIZES, min_size=1, max_size=2), max_size=12),
    seed=st.integers(0, 1_000),
)
def test_any_order_of_groups_and_households_gives_the_same_alerts(
    examples: Examples, groups: list[Any], households: list[Any], seed: int
) -> None:
    """Kafka keeps the order of the records about one group or household. Kafka may deliver records twice."""
    for versions in groups:  # the versions are counts of one group; all counts of one stock state the same place
        versions[0]["group_id"] = GROUP
        for state in versions:
            state["destination"] = [Place(pcode=LEILEK), Place(pcode=ALAI), UNKNOWN][STOCKS.index(state["stock_id"])]
    counts, registered = histories(groups, group, "group_id"), histories(households, household, "household_id")
    stream = shuffled([*counts, *registered], random.Random(seed))
    names = ("persons", "counted_persons", "registered_persons", "households")
    in_force = examples.run(alerts_after(examples.engine, stream, *names))
    for origin in (KADAMJAI, ALAI):
        figures = expected([one[-1] for one in counts], [one[-1] for one in registered], origin)
        is_raised = figures[0] >= 50 or figures[3] >= 10
        assert in_force.get(origin) == (figures if is_raised else None)


def shuffled(histories: list[list[E]], order: random.Random) -> list[E]:
    keys = [number for number, history in enumerate(histories) for _ in history]
    order.shuffle(keys)
    rest = [iter(history) for history in histories]
    records = [next(rest[number]) for number in keys]
    repeats = [records[order.randrange(len(records))] for _ in range(len(records) // 3)]
    return [*records, *repeats]


async def alerts_after(engine: AsyncEngine, stream: Sequence[AnyEvent], *names: str) -> dict[str, tuple[int, ...]]:
    async with database.sessions(engine)() as session:
        post = Post(session)
        for number in range(0, len(stream), 4):
            await post(*stream[number : number + 4])
        rows = await post.fetch(f"{alert_queries.SELECT_ALERTS} WHERE NOT is_lapsed")
        alerts = [alert_queries.alert_of(row._mapping) for row in rows]
    return {alert.area: tuple(alert.figures.get(name, 0) for name in names) for alert in alerts}
