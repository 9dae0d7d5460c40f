"""The sums give the same figures as the displacements themselves, in any order of the reports."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures import movement_figures
from services.registry.figures import needs as need_figures
from services.registry.figures.age_profiles import AgeProfile
from services.registry.figures.checks import check
from services.registry.figures.durations import confirmations, durations
from services.registry.figures.queries import Dimension, FigureQuery, Kind, MovementScope, ReasonRank, Summary, View
from services.registry.figures.statistics import figures
from services.registry.figures.sums import note_ages, sum_some
from services.registry.models import HouseholdPassage
from services.registry.reports import MOVES
from services.registry.visibility import within
from shared.events.vocabulary import Mobility, Reason, Sex, Status, SubStock
from shared.hazard_definitions import Onset
from shared.places import Places
from shared.postgres import bulk_copy
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, family, household, movement
from tests.registry.test_movement_figures import FIRST, Body
from tests.registry.test_movement_figures_of_many import drawn_reports

pytestmark = pytest.mark.anyio

PLACES = Places.load()
BATKEN_OBLAST = "KG05000000000"
EVERYTHING = FigureQuery(Status.ACTUAL, tuple(unit.pcode for unit in PLACES.units()), mobilities=MOVES)
SEEDS = 3  # each seed compares a third of the queries
LATER = {"occurred_at": "2026-07-20T06:00:00Z", "reported_at": "2026-07-20T06:00:00Z"}
DAYS = [(FIRST + timedelta(days=days)).date() for days in (0, 20, 33, 61, 120, 400, 3000)]


def drawn(draw: Random) -> list[Body]:
    reports: list[Body] = []
    for body, movements in drawn_reports(draw):
        for member in body["members"]:
            age_known(member, draw)
        body.update(details(draw))
        reports += [body, *movements]
        if draw.random() < 0.4:
            members = family(draw.randint(1, 6))
            changed = {"version": 2, "members": members, "persons": len(members), "occurred_at_precision": "month"}
            reports.append({**body, **changed, **details(draw)})
        if draw.random() < 0.3:
            later = (FIRST + timedelta(days=draw.randint(60, 400))).isoformat()
            again = {"household_id": body["household_id"], "occurred_at": later, "reported_at": later}
            reports.append(household(**{**again, **details(draw)}))
    draw.shuffle(reports)
    return reports


def age_known(member: Body, draw: Random) -> None:
    year = draw.randint(1940, 2025)
    born = {"birth_date": f"{year}-{draw.randint(1, 12):02}-01", "birth_year": year, "age": 2025 - year}
    del member["birth_date"]
    member.update([draw.choice(list(born.items()))] if draw.random() < 0.9 else [])
    if year < 2019 and draw.random() < 0.5:
        member["functioning"] = {"walking": draw.choice(["some_difficulty", "a_lot_of_difficulty", "refused"])}


def details(draw: Random) -> Body:
    mobility = draw.choice(["displacement", "displacement", "evacuation", "migration", "planned_relocation"])
    return {
        "destination": draw.choice([{"pcode": LEILEK}, {"pcode": BATKEN}, {"pcode": OSH}, {"country": "RU"}]),
        "reasons": draw.choice([["natural_disaster"], ["economic", "conflict"], ["natural_disaster", "economic"]]),
        "hazard_type": draw.choice(["mudflow", "drought"]),
        "shelter": draw.choice(["tent", "school", "host_family"]),
        "needs": draw.choice([[], ["food"], ["food", "water"]]),
        "mobility": mobility,
        "evacuation": draw.choice(["pre_emptive", "reactive"]) if mobility == "evacuation" else None,
    }


def queries() -> Iterator[tuple[Kind, FigureQuery]]:
    seen, places = tuple(within(BATKEN_OBLAST, PLACES)), tuple(within(LEILEK, PLACES))
    more: list[dict[str, Any]] = [
        {},
        {"visible": seen},
        {"visible": ()},
        {"pcodes": places, "level": 1},
        {"view": View.ORIGIN},
        {"view": View.ORIGIN, "pcodes": tuple(within(KADAMJAI, PLACES))},
        {"scopes": (MovementScope.ABROAD,), "level": 0},
        {"rank": ReasonRank.ANY, "by": (Dimension.ONSET, Dimension.HAZARD_TYPE)},
        {"rank": ReasonRank.ONLY, "onsets": (Onset.SUDDEN,)},
        {"rank": ReasonRank.ANY, "reasons": (Reason.ECONOMIC,)},
        {"mobilities": (Mobility.EVACUATION,)},
        {"age_profile": AgeProfile.UNHCR},
        {"age_profile": AgeProfile.DELTA, "level": 0},
    ]
    for filters in more:
        yield "flows", replace(EVERYTHING, **filters)
        yield "flows", replace(EVERYTHING, since=date(2025, 2, 1), until=date(2025, 5, 1), **filters)
        returned = {**filters, "sub_stocks": (SubStock.IN_RETURN, SubStock.IN_SETTLEMENT)}
        yield from (("stock", replace(EVERYTHING, until=day, **filters)) for day in DAYS)
        yield from (("stock", replace(EVERYTHING, until=day, **returned)) for day in DAYS[3:5])
    sexes: list[dict[str, Any]] = [{"sexes": (Sex.FEMALE,), "visible": seen}, {"sexes": (Sex.MALE, Sex.UNKNOWN)}]
    for filters in (*sexes, {**sexes[1], "view": View.ORIGIN, "age_profile": AgeProfile.DELTA, "level": 1}):
        yield from (("stock", replace(EVERYTHING, until=day, **filters)) for day in DAYS[2:6])
    shelters: list[dict[str, Any]] = [{}, {"visible": seen}, {"pcodes": places, "scopes": (MovementScope.WITHIN,)}]
    for filters in shelters:
        by = (Dimension.SHELTER, Dimension.EVACUATION)
        for has_cells in (True, False):
            shelter: dict[str, Any] = {"by": by, "is_by_reason": False, "level": 0, "has_cells": has_cells}
            yield "stock", replace(EVERYTHING, until=DAYS[4], **shelter, **filters)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_sums_equal_the_displacements_after_any_order_of_reports(office: Office, seed: int) -> None:
    draw, reports = Random(seed), drawn(Random(seed))
    while reports:
        size = draw.randint(1, 60)
        await office.file(*reports[:size])
        reports = reports[size:]
        if draw.random() < 0.5:
            await sum_some(office.app.state.sessions, at_once=draw.randint(1, 100))
    await compare(office, islice(queries(), seed, None, SEEDS))
    await note_ages(office.app.state.sessions, DAYS[-1].year - 2 + seed)
    while await sum_some(office.app.state.sessions):
        pass
    await compare(office, islice(queries(), seed, None, SEEDS))


async def compare(office: Office, asked: Iterable[tuple[Kind, FigureQuery]]) -> None:
    numbers = 0
    async with office.app.state.sessions() as session:
        for kind, query in asked:
            assert query.summary(kind)
            summed = await figures(session, kind, query, PLACES)
            assert summed == await figures(session, kind, query, PLACES, is_summed=False), (kind, query)
            numbers += len(summed)
            if kind == "stock" and query.need_summary is Summary.NEED:
                needs = await need_figures.needs(session, query)
                assert needs == await need_figures.needs(session, query, is_summed=False), query
            numbers += await compare_movements(session, kind, query)
    assert numbers > 600


async def compare_movements(session: AsyncSession, kind: Kind, query: FigureQuery) -> int:
    if kind == "flows":
        moved = await movement_figures.movements(session, query, PLACES)
        assert moved == await movement_figures.movements(session, query, PLACES, is_summed=False), query
        return len(moved)
    lasting = await durations(session, query)
    assert lasting == await durations(session, query, is_summed=False), query
    assert await confirmations(session, query) == await confirmations(session, query, is_summed=False), query
    return sum(1 for figure in lasting if figure.persons)


@pytest.mark.parametrize("summed", [0, 10, 1000])
async def test_figures_are_exact_after_all_displacements_are_noted_again(office: Office, summed: int) -> None:
    await office.file(*drawn(Random(9))[:150])
    await sum_some(office.app.state.sessions, at_once=summed)
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("SELECT note_all_displacements()"))
    await sum_some(office.app.state.sessions, at_once=summed)
    async with office.app.state.sessions() as session:
        query = replace(EVERYTHING, until=DAYS[4])
        summed_figures = await figures(session, "stock", query, PLACES)
        assert summed_figures == await figures(session, "stock", query, PLACES, is_summed=False) != []


async def test_statements_by_hand_change_the_sums(office: Office) -> None:
    await office.file(*drawn(Random(4))[:150])
    await sum_some(office.app.state.sessions)
    for statement in (
        "UPDATE episodes SET displaced = displaced + 1, reasons = '{conflict}'",
        "UPDATE episodes SET superseded_at = occurred_at WHERE displaced > 3",
        "DELETE FROM episodes WHERE displaced = 3",
        "TRUNCATE stays",
        "TRUNCATE episodes, passages",
    ):
        async with office.app.state.sessions.begin() as session:
            await session.execute(text(statement))
        async with office.app.state.sessions() as session:
            for kind in ("stock", "flows"):
                query = replace(EVERYTHING, until=DAYS[4])
                summed = await figures(session, kind, query, PLACES)
                assert summed == await figures(session, kind, query, PLACES, is_summed=False), statement
                await compare_movements(session, kind, query)


async def test_the_worker_of_the_previous_release_takes_no_movements(office: Office) -> None:
    """The previous release's worker deletes all rows of `figure_changes`.

    The previous release's worker does not know `movement_changes`.
    """
    returned = household()
    await office.file(returned, movement(returned, "returned"))
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("DELETE FROM figure_changes"))
    await sum_some(office.app.state.sessions)
    async with office.app.state.sessions() as session:
        assert await compare_movements(session, "flows", EVERYTHING) == 1


async def test_a_worker_of_the_previous_release_need_not_store_the_origin_of_the_displacement(office: Office) -> None:
    """The previous release stores no origin of the displacement.

    The figures of completed durations need the origin, so a trigger finds the origin.
    """
    returned = household(origin={"pcode": OSH})
    await office.file(returned, movement(returned, "returned"))
    columns = ", ".join(name for name in bulk_copy.columns(HouseholdPassage) if name != "displaced_from_pcode")
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("CREATE TEMPORARY TABLE stored ON COMMIT DROP AS SELECT * FROM passages"))
        await session.execute(text("DELETE FROM passages"))
        await session.execute(text(f"INSERT INTO passages ({columns}) SELECT {columns} FROM stored"))
        assert (await session.execute(text("SELECT displaced_from_pcode FROM passages"))).scalar_one() == OSH


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE figure_sums SET households = households + 1 WHERE span = 'day'",
        "UPDATE figure_totals SET households = households + 1 WHERE summary = 'destination'",
        "DELETE FROM figure_sums WHERE summary = 'need'",
        "UPDATE figure_sums SET displaced = displaced + 1 WHERE summary = 'movement'",
        "DELETE FROM figure_sums WHERE summary = 'duration'",
        "DELETE FROM figure_changes",
        "DELETE FROM movement_changes",
    ],
)
async def test_wrong_sums_are_noticed_and_made_again(office: Office, damage: str) -> None:
    sessions = office.app.state.sessions
    now, returned = datetime.now(UTC), household()
    last_month = (now.replace(day=1) - timedelta(days=5)).replace(day=20)  # the check begins with the 16th
    recent = [household(occurred_at=at.isoformat(), reported_at=at.isoformat()) for at in (last_month, now)]
    await office.file(*recent, returned, movement(returned, "returned"))
    await sum_some(sessions)
    await office.file(household(), movement(returned, "displaced_again", destination={"pcode": OSH}, **LATER))
    assert await check(sessions, PLACES)
    async with sessions.begin() as session:
        await session.execute(text(damage))
    assert not await check(sessions, PLACES)
    assert await check(sessions, PLACES)
