"""Computes the number of displaced people for each need.

A household with several needs is in the figure of each need.
"""

# raw SQL throughout: the statements are built from the filters of each query

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.cells import persons
from services.registry.figures.conditions import conditions
from services.registry.figures.counted_stocks import BY_LATEST_COUNT
from services.registry.figures.queries import FigureQuery
from services.registry.figures.statements import GIVEN_NEEDS, number, source, tables
from services.registry.figures.statistics import without_nested_loops
from shared.events.vocabulary import Need

# A report states the needs of a whole household or group, so a figure counts all persons. A need of NULL stands for all
# people with at least one need.
NEEDS = """
SELECT need, {number}, {persons} FROM {table}
WHERE {conditions} GROUP BY 1 HAVING {persons} > 0
"""


@dataclass(frozen=True, slots=True)
class NeedFigure:
    """If `need` is None, the figure has all people with at least one need."""

    need: Need | None
    households: int
    persons: int
    groups: int
    group_persons: int


async def needs(session: AsyncSession, query: FigureQuery, *, is_summed: bool = True) -> list[NeedFigure]:
    """The needs at the end of the last day before `until`, the most frequent first."""
    registered, counted = Numbers(), Numbers()
    summary = query.need_summary if is_summed else None
    for table in tables("stock", summary):
        people = source(query, "stock", table, summary)
        if table == "counts" and not query.is_of_origin:
            people = BY_LATEST_COUNT
        statement = NEEDS.format(
            table=people if table == "sums" else f"{people} CROSS JOIN LATERAL {GIVEN_NEEDS}",
            number=number(table),
            persons=persons(query, "stock", table),
            conditions=" AND ".join(conditions(query, "stock", table)),
        )
        is_counted = table == "counts"
        async with without_nested_loops(session) if is_counted or table == "sums" else nullcontext():
            rows = (await session.execute(text(statement), query.parameters())).all()
        (counted if is_counted else registered).add(rows)
    figures = [
        NeedFigure(
            Need(need) if need else None,
            registered.subjects[need],
            registered.persons[need],
            counted.subjects[need],
            counted.persons[need],
        )
        for need in registered.subjects.keys() | counted.subjects.keys()
    ]
    return sorted(figures, key=lambda figure: (-max(figure.persons, figure.group_persons), figure.need or ""))


@dataclass(slots=True)
class Numbers:
    subjects: Counter[str | None] = field(default_factory=Counter)
    persons: Counter[str | None] = field(default_factory=Counter)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for need, subjects, people in rows:
            self.subjects[need] += subjects
            self.persons[need] += people
