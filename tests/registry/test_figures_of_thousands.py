"""An independent computation must give the same figures of 2,000 households and groups.

Some households and groups have movements and corrections.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any

import pandas as pd
import pytest

from services.registry.figures.sums import sum_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry import independent_movement_figures as movement_figures
from tests.registry.conftest import Office
from tests.registry.coverage_of_figures import Compared, check_durations, check_people, check_reports
from tests.registry.drawn_acceptances import Acceptance, acceptances
from tests.registry.drawn_displacements import groups, households, sites
from tests.registry.independent_figures import BATKEN, KADAMJAI, SLOW, SUDDEN, Body, Figures
from tests.registry.independent_lives import STOCK
from tests.registry.independent_movement_figures import MovementQuery
from tests.registry.independent_queries import Query
from tests.registry.seeded_randomness import Draw
from tests.registry.test_acceptances import EXPIRED, OTHER, accept_under
from tests.registry.test_reversed_acceptances import adopted, reverse
from tests.registry.test_waiting import carried_out, rows

pytestmark = pytest.mark.anyio

BATKEN_OBLAST, OSH_OBLAST = "KG05000000000", "KG06000000000"
MOVES = ("displacement", "evacuation", "migration", "planned_relocation")
EVERYTHING = Query(mobility=MOVES, scope=("within", "abroad", "from_abroad", "origin_unknown", "unknown"))
QUERIES = [
    Query(by=("confirmation",)),
    replace(EVERYTHING, profile="unhcr", by=("evacuation", "confirmation")),
    replace(EVERYTHING, profile="delta", view="origin"),
    Query(level=1, rank="any", by=("hazard_type", "onset")),
    Query(level=0, rank="only", view="origin", onset=("slow",)),
    Query(level=1, rank="any", onset=("sudden",), hazard_type=("mudflow", "earthquake"), by=("onset",)),
    replace(EVERYTHING, shelter=("tent", "unknown"), hazard_type=("drought",), area=BATKEN_OBLAST),
    replace(EVERYTHING, by=("hazard_type", "onset", "shelter", "evacuation"), level=1),
    replace(EVERYTHING, seen=OSH_OBLAST, sex=("female", "male")),
    Query(sex=("female",), age=("0-4", "5-11"), profile="unhcr"),
    Query(age=("65+", "unknown"), sex=("male", "unknown"), profile="delta", reason=(SLOW, SUDDEN), rank="any"),
    Query(area=KADAMJAI, view="origin", level=1, seen=BATKEN_OBLAST),
    Query(sex=("male",), level=1),
    Query(by=("shelter", "evacuation"), view="origin", level=0),
    replace(EVERYTHING, rank="any", view="origin", by=("onset",), level=0),
    replace(EVERYTHING, rank="only", reason=("conflict", "economic", SLOW), profile="delta", age=("0-14", "15-64")),
]
NEED_QUERIES = [
    Query(),
    replace(EVERYTHING, sex=("female", "male", "unknown"), age=("18-59", "unknown"), level=0),
    Query(onset=("sudden", "slow"), shelter=("school",), view="origin", area=BATKEN_OBLAST, level=1, profile="unhcr"),
    Query(rank="only", reason=(SUDDEN,), hazard_type=("mudflow",), profile="delta", seen=BATKEN_OBLAST),
    replace(EVERYTHING, rank="any", onset=("slow",)),
]
MOVEMENT_QUERIES = [
    MovementQuery(),
    MovementQuery(level=1, since="2025-02", until="2025-08", seen=BATKEN_OBLAST),
    MovementQuery(level=0, movement=("returned", "left_country", "died"), rank="only", onset=("slow",)),
    MovementQuery(mobility=MOVES[2:], view="origin", area=BATKEN),
    MovementQuery(level=1, mobility=MOVES, area=OSH_OBLAST, hazard_type=("mudflow",)),
    MovementQuery(mobility=MOVES, profile="unhcr", sex=("female", "unknown"), age=("0-4", "18-59", "unknown")),
    MovementQuery(rank="any", reason=(SLOW, SUDDEN), onset=("sudden",), profile="delta", age=("15-64",), sex=("male",)),
]
Stocks = Mapping[tuple[date, str], pd.DataFrame]  # the people in a sub-stock on a day
DAYS = [date(2024, 10, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 8, 1), date(2026, 6, 1)]


async def test_figures_equal_an_independent_computation(office: Office) -> None:
    draw, compared = Draw(31), Compared()
    bodies, held = [*households(draw), *groups(draw), *sites(draw)], acceptances(draw)
    check_reports(bodies)
    expected = Figures.of([*bodies, *(body for each in held for body in each.valid)])
    check_people(expected, {body["report_id"] for body in bodies if body["kind"] == "site_movement"})
    await file(office, draw, [*bodies, *(body for each in held for body in (each.first, each.movement))])
    await decide(office, held)
    stocks = {key: expected.stock(*key) for key in product(DAYS, STOCK)}
    for path, people, query in requests(expected, stocks):
        await compare(office, compared, path, query, people)
    for (query, on), sub_stock in product(zip(NEED_QUERIES, DAYS, strict=True), STOCK):
        path = f"needs?date={on}&sub_stock={sub_stock}"
        await compare_needs(office, compared, path, query, stocks[on, sub_stock])
    await compare_movements(office, compared, expected, {on: stocks[on, "in_displacement"] for on in DAYS})
    compared.check()


async def file(office: Office, draw: Draw, bodies: list[Body]) -> None:
    draw.shuffle(bodies)
    for start in range(0, len(bodies), 250):
        await office.file(*bodies[start : start + 250], flags=(Flag.REGISTRAR_OF_COUNTRY,))
        await sum_some(office.app.state.sessions, at_once=draw.randint(100, 2000))


async def decide(office: Office, held: list[Acceptance]) -> None:
    await office.file(*(each.held for each in held), flags=EXPIRED, **OTHER)
    waiting = await rows(office, "SELECT report_id::text, outcome_id::text FROM reports WHERE outcome = 'held'")
    outcomes = {row["report_id"]: row["outcome_id"] for row in waiting}
    for each in held:
        later = {"is_later": True} if each.is_later else {}
        await accept_under(office, outcomes[each.held["report_id"]], each.first, **later)
    assert await carried_out(office) == ["recorded"] * len(held)
    decisions = {each["household_id"]: each["decision_id"] for each in await adopted(office)}
    ids = [decisions[each.first["household_id"]] for each in held if each.is_reversed]
    assert {*await reverse(office, *ids)} == {*ids}


def requests(expected: Figures, stocks: Stocks) -> Iterator[tuple[str, pd.DataFrame, Query]]:
    flows = [
        (f"flows?{name}={month}", expected.flows(**{name: month}))
        for name, month in (("until", "2025-03"), ("since", "2025-04"))
    ]
    assert sum(len(people) for _, people in flows) + sum(map(len, stocks.values())) > 10_000
    for number, query in enumerate(QUERIES):
        for shift, sub_stock in enumerate(STOCK):
            for day in {DAYS[(number + shift) % len(DAYS)], DAYS[(2 * number + shift + 3) % len(DAYS)]}:
                yield f"stock?date={day}&sub_stock={sub_stock}", stocks[day, sub_stock], query
        yield *flows[number % 2], query


async def compare(office: Office, compared: Compared, path: str, query: Query, people: pd.DataFrame) -> None:
    path, (expected, totals) = f"{path}&{query.address}", query.rows(people)
    answer = await answered(office, path, query.seen)
    compare_rows(path, answer["rows"], expected, query.dimensions)
    assert answer["totals"] == totals, path
    compared.add(path, expected, query.dimensions)


async def compare_needs(office: Office, compared: Compared, path: str, query: Query, people: pd.DataFrame) -> None:
    path, needs = f"{path}&{query.address}", query.needs(people)
    compare_rows(path, (await answered(office, path, query.seen))["rows"], needs, ["need"])
    compared.add(path, needs, ["need"])


async def compare_movements(
    office: Office, compared: Compared, expected: Figures, present: Mapping[date, pd.DataFrame]
) -> None:
    people, ended, durations = movement_figures.moved(expected), movement_figures.ended(expected), []
    for number, query in enumerate(MOVEMENT_QUERIES):
        path, wanted = f"movements?{query.address}", movement_figures.movements(people, query)
        answer = await answered(office, path, query.seen)
        compare_rows(path, answer["rows"], wanted, movement_figures.MOVEMENT)
        compared.add(path, wanted, movement_figures.MOVEMENT)
        of_day = replace(query, movement=(), since="", until="")
        for on in DAYS if number == 0 else {DAYS[number % len(DAYS)], DAYS[3]}:
            path = f"duration?date={on}&{of_day.address}"
            wanted = movement_figures.durations(present[on], ended, on, of_day)
            answer = await answered(office, path, query.seen)
            compare_rows(path, answer["rows"], wanted, movement_figures.DURATION)
            compared.add(path, wanted, movement_figures.DURATION)
            assert answer["confirmation"] == movement_figures.confirmations(present[on], of_day), path
            durations.append(wanted)
    check_durations(durations)


async def answered(office: Office, path: str, area: str) -> Any:
    answer = await office.get(f"/v1/statistics/{path}", role=Role.ANALYST, areas=(area or "KG",))
    assert answer.status_code == 200, answer.text
    body = answer.json()
    if following := body.get("next"):
        page, _, _ = path.partition("&cursor=")
        body["rows"] += (await answered(office, f"{page}&cursor={following}", area))["rows"]
    return body


def compare_rows(path: str, rows: list[Body], expected: pd.DataFrame, keys: list[str]) -> None:
    """Compares each number.

    The rows may be in any order. A dimension without a value may be missing, None or an empty text.

    The function compares dictionaries, because pandas would take ten times as long to compare two tables.
    """
    numbers = [column for column in expected.columns if column not in keys]
    texts = expected.astype(dict.fromkeys(keys, object)).fillna(dict.fromkeys(keys, ""))
    found, wanted = numbers_by_key(rows, keys, numbers), numbers_by_key(texts.to_dict("records"), keys, numbers)
    none = [0] * len(numbers)
    differing = {
        key: [
            pair
            for pair in zip(numbers, found.get(key, none), wanted.get(key, none), strict=True)
            if pair[1] != pair[2]
        ]
        for key in {*found, *wanted}
        if found.get(key) != wanted.get(key)
    }
    assert not differing, path


def numbers_by_key(rows: list[Body], keys: list[str], numbers: list[str]) -> dict[tuple[Any, ...], list[int]]:
    by_key = {
        tuple("" if (value := row.get(key)) is None else value for key in keys): [row[number] for number in numbers]
        for row in rows
    }
    assert len(by_key) == len(rows), keys
    return by_key
