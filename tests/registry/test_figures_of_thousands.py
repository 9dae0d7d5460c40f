"""Figures of 2,000 households and groups, with movements and corrections, equal an independent computation."""

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pandas as pd
import pytest

from services.registry.figures.sums import sum_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry import independent_movement_figures as movement_figures
from tests.registry.conftest import Office
from tests.registry.drawn_displacements import groups, households, sites
from tests.registry.drawn_reports import MOVEMENTS
from tests.registry.independent_figures import SLOW, Body, Figures
from tests.registry.independent_lives import STOCK, UNSEEN
from tests.registry.independent_queries import Query

pytestmark = pytest.mark.anyio

WITHOUT_PLACE = {"confirmed_here", "intends_to_stay", *UNSEEN}  # these movements change no position
MOVES = ("displacement", "evacuation", "migration", "planned_relocation")
EVERYTHING = Query(mobility=MOVES, scope=("within", "abroad", "from_abroad", "origin_unknown"))
QUERIES = [
    Query(),
    EVERYTHING,
    replace(EVERYTHING, profile="unhcr"),
    replace(EVERYTHING, profile="delta", view="origin"),
    Query(level=1, rank="any", by=("hazard_type", "onset")),
    Query(level=0, rank="only", view="origin", onset=("slow",)),
    Query(level=1, rank="any", onset=("sudden",), hazard_type=("mudflow",), by=("onset",)),
    replace(EVERYTHING, shelter=("tent", "unknown"), hazard_type=("drought",), area="KG05000000000"),
    replace(EVERYTHING, by=("hazard_type", "onset", "shelter", "evacuation"), level=1),
    Query(sex=("female",), age=("0-4", "5-11"), profile="unhcr"),
    Query(age=("65+", "unknown"), profile="delta", reason=SLOW, rank="any"),
]
NEED_QUERIES = [
    Query(),
    replace(EVERYTHING, sex=("male", "unknown")),
    Query(onset=("sudden",), shelter=("school",), view="origin", area="KG05000000000"),
]
DAYS = [date(2024, 10, 1), date(2024, 12, 31), date(2025, 1, 1), date(2025, 8, 1), date(2026, 6, 1)]


async def test_figures_equal_an_independent_computation(office: Office) -> None:
    draw = Random(31)
    bodies = [*households(draw), *groups(draw), *sites(draw)]
    expected = Figures.of(bodies)
    draw.shuffle(bodies)
    for start in range(0, len(bodies), 250):
        await office.file(*bodies[start : start + 250], flags=(Flag.REGISTRAR_OF_COUNTRY,))
        await sum_some(office.app.state.sessions, at_once=draw.randint(100, 2000))
    people = {
        f"stock?date={on}&sub_stock={sub_stock}": expected.stock(on, sub_stock) for on in DAYS for sub_stock in STOCK
    }
    people["flows?since=2024-01"] = expected.flows()
    assert sum(map(len, people.values())) > 10_000
    for path, displaced in people.items():
        for query in QUERIES:
            await compare(office, path, query, query.rows(displaced))
    await compare_needs(office, people)
    await compare_movements(office, expected)


async def compare_needs(office: Office, people: dict[str, pd.DataFrame]) -> None:
    for path, present in people.items():
        if path.startswith("stock"):
            for query in NEED_QUERIES:
                path_of_needs = f"{path.replace('stock', 'needs', 1)}&{query.address}"
                answer = await answered(office, path_of_needs)
                compare_rows(path_of_needs, answer["rows"], query.needs(present), ["need"])


async def compare_movements(office: Office, expected: Figures) -> None:
    for _, passages in expected.passages.groupby("kind"):
        assert set(passages["new_movement"]) == {*MOVEMENTS} - WITHOUT_PLACE
    for level in range(3):
        path = f"movements?level={level}"
        answer = await answered(office, path)
        compare_rows(path, answer["rows"], movement_figures.movements(expected, level), movement_figures.MOVEMENT)
    others = ("migration", "planned_relocation")
    path = "movements?mobility=migration&mobility=planned_relocation"
    answer = await answered(office, path)
    compare_rows(path, answer["rows"], movement_figures.movements(expected, 2, others), movement_figures.MOVEMENT)
    for on in DAYS:
        path = f"duration?date={on}"
        answer = await answered(office, path)
        compare_rows(path, answer["rows"], movement_figures.durations(expected, on), movement_figures.DURATION)
        assert answer["confirmation"] == movement_figures.confirmations(expected, on), on


async def answered(office: Office, path: str) -> Any:
    answer = await office.get(f"/v1/statistics/{path}", role=Role.ANALYST)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def compare(office: Office, path: str, query: Query, expected: pd.DataFrame) -> None:
    path = f"{path}&{query.address}"
    compare_rows(path, (await answered(office, path))["rows"], expected, query.dimensions)


def compare_rows(path: str, rows: list[Body], expected: pd.DataFrame, keys: list[str]) -> None:
    """Compares each number. The rows may be in any order. An empty dimension may be missing, None or an empty text.

    Dictionaries are compared, because pandas would take ten times as long to compare two tables.
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
