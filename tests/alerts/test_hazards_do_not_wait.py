"""Hazards and households may arrive together. No hazard waits for a household, and each situation has one alert."""

import asyncio
import importlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from services.alerts.projections import Departure
from services.alerts.queries import households as household_queries
from shared.events import HazardReported, HouseholdRegistered, Place
from shared.events.vocabulary import Mobility, Status
from shared.places import Places
from shared.postgres import database
from tests.alerts.conftest import CHANGED
from tests.alerts.examples import Examples
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOW, TODAY, household, mudflow, received, rules
from tests.alerts.handling import Handling
from tests.alerts.post import Post
from tests.tables import emptied

PLACES = Places.load()
Sessions = async_sessionmaker[AsyncSession]
Data = HazardReported | HouseholdRegistered


@pytest.mark.anyio
async def test_a_hazard_does_not_wait_for_a_batch_of_households_in_its_district(engine: AsyncEngine) -> None:
    sessions = database.sessions(engine)
    try:
        async with sessions.begin() as counting, sessions.begin() as other:
            await Post(counting).handling.households([received(household(destination=Place(pcode=LEILEK)))], counting)
            await other.execute(text("SET LOCAL lock_timeout = '200ms'"))
            flood = mudflow(area={"pcodes": [LEILEK, KADAMJAI]})
            (outcome,) = await Post(other).handling.hazards([received(flood)], other)
            assert outcome.reason == "source_severity"
    finally:
        await emptied(engine, CHANGED)


HOUSEHOLDS = st.fixed_dictionaries(
    {
        "origin": st.sampled_from([ALAI, KADAMJAI]).map(lambda pcode: Place(pcode=pcode)),
        "destination": st.sampled_from([ALAI, LEILEK, KADAMJAI]).map(lambda pcode: Place(pcode=pcode)),
        "occurred_on": st.sampled_from([TODAY, TODAY - timedelta(days=1)]),
        "latest_mobility": st.sampled_from([None, "unable_to_move"]),
        "is_linked": st.booleans(),
    }
)
HAZARD = mudflow(area={"pcodes": [LEILEK, KADAMJAI]})
REVISED = mudflow(
    hazard_id=HAZARD.hazard_id, revision=2, msg_type="Update", severity="Extreme", area={"pcodes": [LEILEK]}
)


def expected(households: Sequence[HouseholdRegistered], areas: Sequence[str]) -> dict[tuple[str, str], int]:
    """Returns the number of households in the alert of each kind and area.

    An alert of the kind `hazard` counts the households that fled the hazard.
    """
    counted = Counter[tuple[str, str]]()
    for known in households:
        fled = known.hazard_id == HAZARD.hazard_id or (known.origin.pcode in areas and known.occurred_on == TODAY)
        if known.destination.pcode in areas:
            is_own = fled and known.latest_mobility is None
            counted["hazard" if is_own else "exposure", "" if is_own else str(known.destination.pcode)] += 1
    return dict(counted)


async def standing(sessions: Sessions) -> dict[tuple[str, str], int]:
    async with sessions.begin() as session:
        alerts = await Post(session).alerts()
    own = [alert.figures.get("displaced", 0) for alert in alerts if alert.kind == "hazard"]
    assert len(own) == 1
    exposed = {
        ("exposure", alert.area): alert.households or 0
        for alert in alerts
        if alert.kind == "exposure" and not alert.is_lapsed
    }
    return exposed | ({("hazard", ""): own[0]} if own[0] else {})


@settings(max_examples=25)
@given(drawn=st.lists(HOUSEHOLDS, max_size=6), is_revised=st.booleans(), data=st.data())
def test_any_order_of_hazards_and_households_gives_the_same_alerts(
    examples: Examples, drawn: list[dict[str, Any]], is_revised: bool, data: st.DataObject
) -> None:
    households = [linked(one) for one in drawn]
    ordered: list[Data] = [HAZARD, REVISED] if is_revised else [HAZARD]
    for record in households:
        ordered.insert(data.draw(st.integers(0, len(ordered))), record)

    async def one_by_one(sessions: Sessions) -> None:
        for record in ordered:
            await handled(sessions, record)

    alerts = examples.run(alerts_after(examples.engine, one_by_one))
    assert alerts == expected(households, [LEILEK] if is_revised else [LEILEK, KADAMJAI])


@settings(max_examples=25)
@given(drawn=st.lists(HOUSEHOLDS, min_size=1, max_size=6), is_revised=st.booleans())
def test_concurrent_transactions_give_the_same_alerts(
    examples: Examples, drawn: list[dict[str, Any]], is_revised: bool
) -> None:
    """Two workers handle households, one handles hazards, and two handle exposures, all at once.

    Locks decide the order of the five workers.
    """
    households = [linked(one) for one in drawn]

    async def at_once(sessions: Sessions) -> None:
        async with asyncio.TaskGroup() as group:
            for batch in (households[::2], households[1::2], [HAZARD, REVISED] if is_revised else [HAZARD]):
                group.create_task(handled_in_turn(sessions, batch))
            for _ in range(2):
                group.create_task(exposed(sessions))

    alerts = examples.run(alerts_after(examples.engine, at_once))
    assert alerts == expected(households, [LEILEK] if is_revised else [LEILEK, KADAMJAI])


def linked(drawn: dict[str, Any]) -> HouseholdRegistered:
    fields = {name: value for name, value in drawn.items() if name != "is_linked"}
    return household(**fields, hazard_id=HAZARD.hazard_id if drawn["is_linked"] else None)


async def alerts_after(engine: AsyncEngine, handling: Any) -> dict[tuple[str, str], int]:
    try:
        sessions = database.sessions(engine)
        await handling(sessions)
        await exposed(sessions)
        return await standing(sessions)
    finally:
        await emptied(engine, CHANGED)


async def handled_in_turn(sessions: Sessions, records: Sequence[Data]) -> None:
    for record in records:
        await handled(sessions, record)


async def handled(sessions: Sessions, record: Data) -> None:
    handling = Handling(rules(), PLACES, clock=lambda: NOW)
    handler = handling.hazards if isinstance(record, HazardReported) else handling.households
    async with sessions.begin() as session:
        await handler([received(record)], session)


async def exposed(sessions: Sessions) -> None:
    exposures = Handling(rules(), PLACES, clock=lambda: NOW).exposures
    handled = 1
    while handled:
        async with sessions.begin() as session:
            handled = await exposures.follow(session)
        async with sessions.begin() as session:
            handled += await exposures.tell(session)


REPORTS, FAMILIES = [uuid4() for _ in range(4)], [uuid4() for _ in range(2)]
DEPARTURES = st.none() | st.builds(
    Departure,
    report_id=st.just(REPORTS[0]),
    household_id=st.sampled_from(FAMILIES),
    status=st.just(Status.ACTUAL),
    mobility=st.sampled_from([Mobility.DISPLACEMENT, Mobility.MIGRATION]),
    area=st.sampled_from([ALAI, LEILEK]),
    occurred_on=st.sampled_from([date(2026, 6, 14), date(2026, 6, 15)]),
    persons=st.integers(1, 3),
    destination_area=st.sampled_from([KADAMJAI, None]),
)
COUNTED = {
    "departed_by_destination": (
        "SELECT status, area, moves, destination, households, persons FROM departed_by_destination"
        " WHERE households <> 0 OR persons <> 0 ORDER BY 1, 2, 3, 4"
    ),
    "resident_counts": (
        "SELECT status, area, mobility, households FROM resident_counts WHERE households <> 0 ORDER BY 1, 2, 3"
    ),
}
MIGRATIONS = {"departed_by_destination": "0017_head_counts", "resident_counts": "0005_counts"}
Counted = tuple[str, tuple[str, ...], str]  # area, then each date with its mobility, then destination


@settings(max_examples=40)
@given(batches=st.lists(st.dictionaries(st.sampled_from(REPORTS), DEPARTURES, min_size=1), min_size=1, max_size=5))
def test_incremental_departure_counts_equal_a_full_count(
    examples: Examples, batches: list[dict[UUID, Departure | None]]
) -> None:
    standing: dict[UUID, Departure] = {}
    owned = [{id: with_id(id, one) for id, one in batch.items()} for batch in batches]
    for batch in owned:
        standing.update({id: one for id, one in batch.items() if one})
        for id in [id for id, one in batch.items() if one is None]:
            standing.pop(id, None)
    left = defaultdict[tuple[UUID, str], list[Departure]](list)
    for departure in sorted(standing.values(), key=lambda one: (one.occurred_on, one.report_id)):
        left[departure.household_id, departure.area].append(departure)
    households, persons = Counter[Counted](), Counter[Counted]()
    for (_, area), of_household in left.items():
        moves = tuple(sorted({f"{one.occurred_on} {one.mobility}" for one in of_household}))
        households[area, moves, of_household[-1].destination_area or ""] += 1
        persons[area, moves, of_household[-1].destination_area or ""] += of_household[-1].persons

    read_before = Counter[tuple[str, tuple[str, ...]]]()

    async def run() -> tuple[list[Any], list[Any]]:
        async with database.sessions(examples.engine)() as session:
            for batch in owned:
                await household_queries.save_departures(session, batch)
            kept = list(await session.execute(text(COUNTED["departed_by_destination"])))
            before = list(await session.execute(text("SELECT area, moves, households FROM departure_counts")))
            anew = await counted_anew(session, "departed_by_destination", "COUNT_DEPARTURES")
        read_before.update({(area, tuple(moves)): number for area, moves, number in before if number})
        return kept, anew

    kept, anew = examples.run(run())
    assert {(area, tuple(moves), to): number for _, area, moves, to, number, _ in kept} == households
    assert {(area, tuple(moves), to): number for _, area, moves, to, _, number in kept} == persons
    assert anew == kept
    without_destination = Counter[tuple[str, tuple[str, ...]]]()
    for (area, moves, _), number in households.items():
        without_destination[area, moves] += number
    assert read_before == without_destination  # the previous release of Dayar still reads the view departure_counts


def with_id(id: UUID, departure: Departure | None) -> Departure | None:
    if departure is None:
        return None
    family = FAMILIES[REPORTS.index(id) % 2]
    return replace(departure, report_id=id, household_id=family)


async def counted_anew(session: AsyncSession, table: str, statement: str) -> list[Any]:
    await session.execute(text(f"TRUNCATE {table}"))
    migration = importlib.import_module(f"services.alerts.migrations.{MIGRATIONS[table]}")
    await session.execute(text(getattr(migration, statement)))
    return list(await session.execute(text(COUNTED[table])))


@pytest.mark.anyio
async def test_incremental_resident_counts_equal_a_full_count(session: AsyncSession) -> None:
    post, moving, leaving = Post(session), household(), household()
    await post(moving, leaving, household(mobility="evacuation"), household(destination=Place(country="TJ")))
    await post(household(household_id=moving.household_id, sequence=2, destination=Place(pcode=ALAI)))
    await post(household(household_id=leaving.household_id, sequence=2, destination=Place(country="TJ")))
    kept = list(await session.execute(text(COUNTED["resident_counts"])))
    assert [tuple(row) for row in kept] == [
        ("Actual", LEILEK, "evacuation", 1),
        ("Actual", ALAI, "displacement", 1),
    ]
    assert await counted_anew(session, "resident_counts", "COUNT_RESIDENTS") == kept
