"""People in held reports raise the alert that recorded people would raise, and are never counted twice."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import areas_left
from services.alerts.queries import held as held_queries
from services.alerts.queries.departures import HELD_COUNTS, HELD_HOUSEHOLDS
from shared.events import GroupCounted, GroupHeld, HouseholdHeld, Place
from shared.events.vocabulary import Status
from shared.places import Places
from shared.postgres import database
from tests.alerts.examples import Examples
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, TODAY, AnyEvent, group, held, household
from tests.alerts.post import Post
from tests.alerts.test_groups import alerts_after, shuffled

UNKNOWN = Place(country="ZZ")


def ended(hold: HouseholdHeld | GroupHeld) -> HouseholdHeld | GroupHeld:
    return hold.model_copy(update={"sequence": hold.sequence + 1, "is_held": False})


@pytest.mark.anyio
async def test_an_accepted_report_is_not_counted_twice_and_a_refused_report_leaves_the_alert(post: Post) -> None:
    household_report, count = household(persons=20), group(persons=40, destination=Place(pcode=ALAI))
    holds = held(household_report), held(count)
    assert await post(*holds) == ["alerted households_displaced"] * 2
    alert = await post.alert()
    assert [alert.figures[name] for name in ("persons", "held_persons", "held_households")] == [60, 60, 1]
    assert [cause for _, _, cause in await post.deliveries()] == ["raised"]
    await post(household_report)  # the event that ends the hold has not come yet
    assert [(await post.alert()).figures[name] for name in ("persons", "held_persons")] == [60, 40]
    await post(ended(holds[0]), count)
    alert = await post.alert()
    assert alert.figures["persons"] == 60 and "held_persons" not in alert.figures
    other = held(household(persons=5))
    await post(ended(holds[1]), other)
    assert (await post.alert()).figures["held_persons"] == 5
    assert await post(ended(other), other) == ["noted no_rule", "noted not_newer"]
    assert (await post.alert()).figures["persons"] == 60
    assert not (await post.alert()).is_lapsed


@pytest.mark.anyio
async def test_a_group_is_not_counted_twice_if_another_report_than_the_held_one_is_recorded(post: Post) -> None:
    """The held report and the recorded report have different ids and stocks.

    The event that ends the hold comes after the recorded report.
    """
    count = group(persons=40)
    assert await post(held(group(group_id=count.group_id, persons=40))) == ["noted below_threshold"]
    assert await post(count) == ["noted below_threshold"]
    other = group(persons=40, origin=Place(pcode=ALAI))
    hold = held(group(group_id=other.group_id, persons=40, origin=Place(pcode=ALAI)))
    assert await post(hold, other) == ["noted below_threshold"] * 2
    assert await post(hold) == ["noted not_newer"]
    assert await post.alerts() == []


@pytest.mark.anyio
async def test_an_exercise_does_not_end_the_hold_of_an_actual_report(post: Post) -> None:
    report, count = household(persons=30), group(persons=30, destination=UNKNOWN)
    await post(held(report), held(count))
    practised = {"status": Status.EXERCISE, "persons": 5}
    await post(report.model_copy(update=practised), count.model_copy(update=practised))
    alert = await post.alert()
    assert [alert.figures[name] for name in ("persons", "held_persons")] == [60, 60]
    await post(report.model_copy(update={"sequence": 2}), ended(held(count)))
    assert (await post.alert()).is_lapsed


@pytest.mark.anyio
async def test_ended_holds_are_deleted_when_no_earlier_event_can_come(post: Post) -> None:
    waiting, refused = held(household(persons=3)), held(household(persons=4))
    await post(waiting, refused, ended(refused))
    await held_queries.forget_ended(post.session, post.now)
    assert len(await post.fetch("SELECT subject_id FROM held_people")) == 2
    await held_queries.forget_ended(post.session, post.now + timedelta(seconds=1))
    [(subject_id,)] = await post.fetch("SELECT subject_id FROM held_people")
    assert subject_id == waiting.key


def test_a_code_without_a_district_belongs_to_its_city_as_in_the_registrys_events() -> None:
    bishkek, places = "KG11000000000", Places.load()
    for pcode in (bishkek, "KG11000000123"):
        assert areas_left.area_of(Place(pcode=pcode), places) == bishkek
        assert places.covered_areas([pcode])[0] == bishkek


@pytest.mark.anyio
async def test_an_alert_about_held_reports_ends_if_they_are_refused(post: Post) -> None:
    holds = [held(household(persons=30)), held(group(persons=30, destination=UNKNOWN))]
    await post(*holds)
    await post(*map(ended, holds))
    assert (await post.alert()).is_lapsed


@pytest.mark.anyio
async def test_a_held_count_joins_the_recorded_counts_of_its_people(post: Post) -> None:
    """The recorded count moves the held people to an earlier day. The rule must then judge both days again."""
    count = group(persons=60)
    assert await post(held(count)) == ["alerted households_displaced"]
    await post(group(persons=20, stock_id=count.stock_id, occurred_on=TODAY - timedelta(days=5)))
    in_force = [alert for alert in await post.alerts() if not alert.is_lapsed]
    assert [(alert.situation, alert.figures["held_persons"]) for alert in in_force] == [("2026-06-10", 40)]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "changed",
    [
        {"measure": "flow"},
        {"mobility": "migration"},
        {"origin": Place(country="TJ")},
        {"occurred_on_precision": "month"},
    ],
)
async def test_some_held_counts_raise_no_alert(post: Post, changed: dict[str, Any]) -> None:
    assert await post(held(group(persons=900, **changed))) == ["noted no_rule"]
    assert await post.alerts() == []


@pytest.mark.anyio
async def test_the_number_of_ended_holds_and_of_registered_households_does_not_matter(session: AsyncSession) -> None:
    await session.execute(
        text(
            "INSERT INTO held_people (kind, subject_id, report_id, sequence, status, stock_id, is_counted, mobility,"
            " persons, families, yards, origin_area, departed_on)"
            " SELECT 'household', gen_random_uuid(), gen_random_uuid(), n, 'Actual', NULL, n % 100 = 0, 'displacement',"
            " 5, 0, 0, :area, :day FROM generate_series(1, 10000) AS n"
        ),
        {"area": KADAMJAI, "day": TODAY},
    )
    await session.execute(text("ANALYZE held_people"))
    connection = await database.driver(session)
    asked = [[KADAMJAI], [TODAY], [TODAY], ["displacement"]]
    households = [line for (line,) in await connection.fetch(f"EXPLAIN {HELD_HOUSEHOLDS}", *asked)]
    counts = [line for (line,) in await connection.fetch(f"EXPLAIN {HELD_COUNTS}", *asked)]
    assert any("ix_held_people_held_households" in line for line in households), households
    assert any("ix_held_people_held_counts" in line for line in counts), counts
    whole = ("Seq Scan on held_people", "Seq Scan on households")
    assert not any(scan in line for line in (*households, *counts) for scan in whole), (households, counts)
    [held_now] = await connection.fetch(HELD_HOUSEHOLDS, *asked)
    assert (held_now["households"], held_now["persons"]) == (100, 500)


DESTINATIONS = [Place(pcode=LEILEK), Place(pcode=ALAI), UNKNOWN]
HOLDS = st.lists(
    st.fixed_dictionaries(
        {
            "persons": st.integers(0, 60),
            "destination": st.sampled_from(DESTINATIONS),
            "origin": st.sampled_from([Place(pcode=KADAMJAI), Place(pcode=KADAMJAI), Place(pcode=ALAI)]),
        }
    ),
    min_size=1,
    max_size=3,
)
# the held versions of a household or group, and the end of the hold: none yet, a registration, or a refusal
HISTORIES = st.lists(
    st.tuples(st.sampled_from(["household", "group"]), HOLDS, st.sampled_from(["waits", "registered", "refused"])),
    max_size=6,
)


@settings(max_examples=25)
@given(drawn=HISTORIES, registered_first=st.booleans(), seed=st.integers(0, 1_000))
def test_any_order_of_held_and_recorded_reports_gives_the_same_alerts(
    examples: Examples, drawn: list[Any], registered_first: bool, seed: int
) -> None:
    """Kafka keeps the order of the records about one household or group. Kafka may deliver records twice."""
    histories = [
        history(kind, states, end, number, registered_first=registered_first)
        for number, (kind, states, end) in enumerate(drawn)
    ]
    stream = shuffled(histories, random.Random(seed))
    in_force = examples.run(alerts_after(examples.engine, stream, "persons", "held_persons"))
    for origin in (KADAMJAI, ALAI):
        persons, of_held, households = expected(histories, origin)
        is_raised = persons >= 50 or households >= 10
        assert in_force.get(origin) == ((persons, of_held) if is_raised else None)


def history(
    kind: str, states: Sequence[dict[str, Any]], end: str, number: int, *, registered_first: bool
) -> list[AnyEvent]:
    """Makes the records of one household or group.

    Two groups share each stock, as if two teams had counted at one place.
    """
    stock = UUID(int=number // 2 + 1)
    more = {"stock_id": stock, "destination": DESTINATIONS[stock.int % 3]} if kind == "group" else {}
    own = {f"{kind}_id": uuid4(), "report_id": uuid4(), **more}
    make = group if kind == "group" else household
    reports = [make(**{**state, **own}, version=version) for version, state in enumerate(states, 1)]
    holds: list[AnyEvent] = [held(report, sequence=sequence) for sequence, report in enumerate(reports, 1)]
    if end == "waits":
        return holds
    last = [held(reports[-1], sequence=len(holds) + 1, is_held=False)]
    if end == "refused":
        return [*holds, *last]
    recorded = [reports[0]]
    return [*holds, *recorded, *last] if registered_first else [*holds, *last, *recorded]


def expected(histories: Sequence[Sequence[AnyEvent]], origin: str) -> tuple[int, int, int]:
    recorded = [event for events in histories for event in events if not isinstance(event, HouseholdHeld | GroupHeld)]
    waiting = [events[-1] for events in histories if getattr(events[-1], "is_held", False)]
    everybody, households = totals([*recorded, *waiting], origin)
    return everybody, everybody - totals(recorded, origin)[0], households


def totals(reports: Sequence[Any], origin: str) -> tuple[int, int]:
    stocks, registered = defaultdict[Any, int](int), defaultdict[Any, list[int]](list)
    for report in (report for report in reports if report.origin.pcode == origin):
        if isinstance(report, GroupCounted | GroupHeld):
            key = report.destination.pcode, report.stock_id
            stocks[key] = max(stocks[key], report.persons)
        elif report.persons:
            registered[report.destination.pcode].append(report.persons)
    places = [place.pcode for place in DESTINATIONS]
    counted = {place: sum(persons for (there, _), persons in stocks.items() if there == place) for place in places}
    persons = sum(max(counted[place], sum(registered[place])) for place in places)
    return persons, sum(len(registered[place]) for place in places)
