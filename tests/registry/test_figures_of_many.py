"""An independent computation must give the same figures of several hundred displacements."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.drawn_moves import MANY, MOVES, NEEDS, OBLASTS, Move, copied
from tests.registry.factories import LEILEK

pytestmark = pytest.mark.anyio


def counted_reasons(move: Move, rank: str) -> set[str]:
    if rank == "first":
        return {move.reasons[0]}
    return set(move.reasons) if rank == "any" or len(set(move.reasons)) == 1 else set()


def requested(move: Move, reason: str, dimension: str) -> str | None:
    if dimension == "onset":
        return move.onset(reason)
    if dimension == "evacuation":
        return move.evacuation
    return move.hazard if dimension == "hazard_type" else move.shelter or "unknown"


Wanted = Callable[[Move], bool]
DISPLACED = ("displacement", "evacuation")


class Expected(NamedTuple):
    """The expected numbers by row and category: households, their persons, groups, and their persons."""

    rows: dict[tuple[Any, ...], tuple[int, ...]]
    totals: dict[str, list[int]]


def category(move: Move) -> str:
    if move.mobility == "migration":
        return "migration"
    return "displaced" if move.scope == "within" else move.scope


def expected(
    kind: str,
    *,
    wanted: Wanted = lambda _: True,
    moved: tuple[str, ...] = DISPLACED,
    until: datetime | None = None,
    view: str = "destination",
    level: int = 2,
    cell: Callable[[str, str], bool] = lambda _sex, _age: True,
    scopes: tuple[str, ...] = ("within",),
    rank: str = "first",
    because: Callable[[Move, str], bool] = lambda _move, _reason: True,
    by: tuple[str, ...] = (),
) -> Expected:
    known = [
        move
        for move in MANY
        if move.status == "Actual"
        and move.mobility != "unable_to_move"
        and (until is None or move.at < until)
        and move.measure in (None, kind.removesuffix("s"))
    ]
    if kind == "stock":
        newest: dict[UUID, Move] = {}
        for move in sorted(known, key=lambda known_move: known_move.at):
            newest[move.subject] = move
        known = list(newest.values())
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for move in known:
        persons = sum(number for (sex, age), number in move.cells.items() if cell(sex, age))
        place_of_move = move.destination if view == "destination" else move.origin
        unit = place_of_move if level == 2 or place_of_move is None else OBLASTS[place_of_move]
        reasons = [reason for reason in counted_reasons(move, rank) if because(move, reason)]
        if persons and move.mobility in moved and move.scope in scopes and wanted(move) and reasons:
            offset = 0 if move.measure is None else 2
            totals[category(move)][offset] += 1
            totals[category(move)][offset + 1] += persons
            for reason in reasons:
                more = (requested(move, reason, dimension) for dimension in by)
                key = (move.month if kind == "flows" else None, unit, move.scope, reason, move.mobility, *more)
                sums[key][offset] += 1
                sums[key][offset + 1] += persons
    return Expected({key: tuple(numbers) for key, numbers in sums.items()}, totals)


EVERYWHERE = ("within", "abroad", "from_abroad")
SCOPES = "&".join(f"scope={scope}" for scope in EVERYWHERE)
DAY = datetime(2025, 10, 1, tzinfo=UTC) - timedelta(hours=6)  # in Bishkek, the day begins at 18:00 UTC
QUESTIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("stock", "date=2026-12-31", {}),
    ("stock", "date=2025-09-30", {"until": DAY}),
    ("stock", "date=2025-09-30&view=origin&level=1", {"until": DAY, "view": "origin", "level": 1}),
    ("stock", "date=2026-12-31&reason=economic", {"because": lambda _, reason: reason == "economic"}),
    ("stock", "date=2026-12-31&mobility=migration", {"moved": ("migration",), "scopes": EVERYWHERE}),
    (
        "stock",
        "date=2026-12-31&mobility=migration&mobility=evacuation&mobility=displacement",
        {"moved": ("migration", "evacuation", "displacement"), "scopes": EVERYWHERE},
    ),
    (
        "stock",
        "date=2026-12-31&mobility=evacuation&by=evacuation",
        {"moved": ("evacuation",), "by": ("evacuation",)},
    ),
    (
        "stock",
        "date=2026-12-31&scope=abroad&scope=from_abroad",
        {"scopes": ("abroad", "from_abroad")},
    ),
    ("stock", f"date=2026-12-31&area={LEILEK}", {"wanted": lambda move: move.destination == LEILEK}),
    (
        "stock",
        "date=2026-12-31&sex=female&age=0-5&age=6-11",
        {"cell": lambda sex, age: sex == "female" and age in ("0-5", "6-11")},
    ),
    ("stock", "date=2026-12-31&rank=any", {"rank": "any"}),
    ("stock", "date=2026-12-31&rank=only", {"rank": "only"}),
    (
        "stock",
        "date=2026-12-31&rank=any&reason=economic&reason=conflict",
        {"rank": "any", "because": lambda _, reason: reason in ("economic", "conflict")},
    ),
    (
        "stock",
        "date=2026-12-31&rank=only&reason=economic",
        {"rank": "only", "because": lambda _, reason: reason == "economic"},
    ),
    *(
        (
            "stock",
            f"date=2026-12-31&rank={rank}&onset=slow&by=onset",
            {"rank": rank, "because": lambda move, reason: move.onset(reason) == "slow", "by": ("onset",)},
        )
        for rank in ("first", "any", "only")
    ),
    (
        "stock",
        "date=2026-12-31&rank=any&onset=sudden",
        {"rank": "any", "because": lambda move, reason: move.onset(reason) == "sudden"},
    ),
    (
        "stock",
        "date=2026-12-31&hazard_type=drought&hazard_type=mudflow&by=hazard_type",
        {"wanted": lambda move: move.hazard is not None, "by": ("hazard_type",)},
    ),
    (
        "stock",
        "date=2026-12-31&rank=any&by=shelter&by=onset&by=hazard_type&level=1",
        {"rank": "any", "by": ("hazard_type", "onset", "shelter"), "level": 1},
    ),
    (
        "stock",
        "date=2026-12-31&shelter=unknown&shelter=tent&by=shelter",
        {"wanted": lambda move: move.shelter in (None, "unknown", "tent"), "by": ("shelter",)},
    ),
    ("flows", "rank=any&by=onset", {"rank": "any", "by": ("onset",)}),
    ("flows", "by=shelter&shelter=school", {"wanted": lambda move: move.shelter == "school", "by": ("shelter",)}),
    ("flows", "", {}),
    ("flows", "since=2025-10", {"wanted": lambda move: move.at >= DAY}),
    ("flows", "until=2025-09", {"until": DAY}),
    ("flows", "since=2025-10&view=origin", {"wanted": lambda move: move.at >= DAY, "view": "origin"}),
    ("flows", "age=60%2B", {"cell": lambda _sex, age: age == "60+"}),
]


@pytest.mark.parametrize("summed", [0, 70, 1000])
@pytest.mark.parametrize(
    ("kind", "query", "filters"), QUESTIONS, ids=[f"{kind}?{query}" for kind, query, _ in QUESTIONS]
)
async def test_figures_equal_an_independent_computation(
    office: Office, kind: str, query: str, filters: dict[str, Any], summed: int
) -> None:
    await copied(office, summed=summed)
    answer = (await office.get(f"/v1/statistics/{kind}?{query}", role=Role.ANALYST)).json()
    sums = {
        (
            *(row.get("month"), row["pcode"], row["scope"], row["reason"], row["mobility"]),
            *(row[dimension] for dimension in ("hazard_type", "onset", "shelter", "evacuation") if dimension in row),
        ): counted(row)
        for row in answer["rows"]
    }
    rows, totals = expected(kind, **filters)
    assert sums == rows
    assert {of: list(counted(total)) for of, total in answer["totals"].items() if any(total.values())} == totals
    assert answer["total"] is None or [list(counted(answer["total"]))] == list(totals.values())


def counted(numbers: dict[str, Any]) -> tuple[int, ...]:
    return tuple(numbers[name] for name in ("households", "persons", "groups", "group_persons"))


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("", {}),
        ("&reason=economic&rank=any", {"rank": "any", "because": lambda _, reason: reason == "economic"}),
        ("&sex=female", {"cell": lambda sex, _age: sex == "female"}),
    ],
)
@pytest.mark.parametrize("summed", [0, 70, 1000])
async def test_needs_equal_an_independent_computation(
    office: Office, query: str, filters: dict[str, Any], summed: int
) -> None:
    await copied(office, summed=summed)
    answer = (await office.get(f"/v1/statistics/needs?date=2026-12-31{query}", role=Role.ANALYST)).json()
    found = {row.pop("need"): list(row.values()) for row in answer["rows"]}

    def of(need: str | None) -> Wanted:
        return lambda move: bool(move.shelter and move.needs and (need is None or need in move.needs))

    wanted = {need: expected("stock", wanted=of(need), **filters).totals["displaced"] for need in (*NEEDS, None)}
    assert found == {need: numbers for need, numbers in wanted.items() if any(numbers)}


async def test_the_page_shows_some_rows_of_a_table_and_links_to_the_others(office: Office) -> None:
    await copied(office)
    path, seen = f"/figures?lang=en&date=2026-12-31&since=2025-01&until=2026-12&{SCOPES}", Counter[str]()
    total = len(
        (await office.get(f"/v1/statistics/flows?since=2025-01&until=2026-12&{SCOPES}", role=Role.ANALYST)).json()[
            "rows"
        ]
    )
    while path:
        page = (await office.get(path, role=Role.ANALYST)).text
        table = page[page.index('id="flows"') : page.index('id="definitions"')]
        rows = re.findall(r'<td class="nowrap">(\d\d\.\d{4})</td>', table)
        assert 0 < len(rows) <= 50
        seen.update(rows)
        following = re.search(r'rel="next" href="/registry([^"#]+)', table)
        path = following[1].replace("&amp;", "&") if following else ""
    assert seen.total() == total > 50


async def test_the_pages_of_an_answer_have_each_row_once(office: Office) -> None:
    await copied(office)
    path = f"/v1/statistics/flows?since=2025-01&until=2026-12&{SCOPES}&rank=any"
    whole = (await office.get(path, role=Role.ANALYST)).json()
    pages, cursor = list[Any](), ""
    while cursor is not None:
        pages.append((await office.get(f"{path}&limit=40&cursor={cursor}", role=Role.ANALYST)).json())
        cursor = pages[-1]["next"]
    assert [row for page in pages for row in page["rows"]] == whole["rows"]
    assert {len(page["rows"]) for page in pages[:-1]} == {40}
    assert whole["next"] is None
    assert all((page["totals"], page["version"]) == (whole["totals"], whole["version"]) for page in pages)
    cut, cursor = pages[0]["next"][:-8], pages[0]["next"]
    for wrong in ("limit=0", "limit=2001", "cursor=%FF", "cursor=????", f"cursor={cut}", f"level=1&cursor={cursor}"):
        refused = await office.get(f"{path}&{wrong}", role=Role.ANALYST)
        assert (refused.status_code, "/cursor" in refused.text or "limit" in refused.text) == (422, True), wrong


async def test_a_page_beyond_the_last_one_is_the_last(office: Office) -> None:
    await copied(office)
    page = (
        await office.get(f"/figures?lang=ru&since=2025-01&until=2026-12&flows_page=999&{SCOPES}", role=Role.ANALYST)
    ).text
    assert 'rel="prev"' in page


def test_the_example_contains_every_case() -> None:
    """The comparison cannot find an error in a case that the example lacks."""
    assert {move.mobility for move in MANY} == set(MOVES)
    assert max(Counter(move.subject for move in MANY).values()) > 1
    assert any(move.at.date() < date(2025, 10, 1) for move in MANY)
