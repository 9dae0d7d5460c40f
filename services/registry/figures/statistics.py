"""Computes the figures of displaced persons: the stock on a day, and the flows by month.

The dimensions are place, reason, scope, mobility, sex and age. On request, figures are also split by hazard type,
onset, kind of shelter, kind of evacuation and confirmation. Each figure states registered households and counted groups
separately. Households and groups are never added, because the same people may be in both.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import FigureQuery, Kind, MovementScope, View
from services.registry.figures.statements import statements
from services.registry.figures.totals import united
from shared.confirmations import ConfirmationState
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import Evacuation, HazardType, Mobility, Reason, Shelter
from shared.places import Places
from shared.postgres import database


async def figures(
    session: AsyncSession, kind: Kind, query: FigureQuery, places: Places, *, is_summed: bool = True
) -> list[Figure]:
    """The stock is the displaced people by place at the end of the last day before `until`.

    The flows are the displacements that began in each month. A household that was displaced twice is counted twice. If
    `is_summed` is false, the stored sums are not used.
    """
    summands: list[Figure] = []
    # many rows have the same place
    located = cache(lambda *codes: location(*codes, query=query, places=places))
    summary = query.summary(kind) if is_summed else None
    if summary is None or not query.is_whole:
        await avoid_sorting(session)
    for own, is_registered in statements(query, kind, summary):
        async with without_nested_loops(session) if summary or not is_registered else nullcontext():
            rows = await fetched(session, own, query.parameters())
        summands += [figure(row, located, is_registered=is_registered) for row in rows]
    # if the latest changes cancel a stored sum, the figure has no persons
    return [figure for figure in united(summands) if figure.persons or figure.group_persons]


async def avoid_sorting(session: AsyncSession) -> None:
    """Make PostgreSQL group rows by hashes until the transaction ends.

    By default, PostgreSQL expects few rows and sorts them by all dimensions, which is slower.
    """
    # raw SQL: SQLAlchemy has no statement that sets a parameter
    await session.execute(text("SET LOCAL enable_sort = off"))


@asynccontextmanager
async def without_nested_loops(session: AsyncSession) -> AsyncIterator[None]:
    """Make PostgreSQL join the rows of counts, and the totals with later changes, by hashes.

    PostgreSQL expects few counts in effect, and by default compares each count with all other counts. With 30,000
    counts, the comparison would take minutes instead of 0.2 seconds. PostgreSQL also expects few totals, and by default
    compares each total with all later changes. For a day of an earlier year, there are many later changes, and the
    comparison would take ten times as long.

    A statement that is fetched outside this context may use nested loops. The statement of movements joins few counts
    with their reports by the primary key, so nested loops are faster there. A join by hashes reads all reports: with
    200,000 reports, the statement took 72 ms instead of 17 ms. All other statements take the same CPU time with both
    kinds of join, measured with 100,000 displacements.
    """
    # raw SQL: SQLAlchemy has no statement that sets a parameter
    await session.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    await session.execute(text("SET LOCAL enable_nestloop = on"))


PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


async def fetched(session: AsyncSession, statement: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """Returns the rows of the driver, and not rows of SQLAlchemy.

    SQLAlchemy needs as much time to make rows as PostgreSQL needs for the query.
    """
    names = list(dict.fromkeys(PARAMETER.findall(statement)))
    numbered = PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", statement)
    driver = await database.driver(session)
    rows: Sequence[Sequence[Any]] = await driver.fetch(numbered, *(parameters[name] for name in names))
    return rows


REASONS = {reason.value: reason for reason in Reason}
ONLY_REASON = {reason.value: (reason,) for reason in Reason}
MOBILITIES = {mobility.value: mobility for mobility in Mobility}
HAZARD_TYPES: dict[str | None, HazardType | None] = {None: None, **{hazard.value: hazard for hazard in HazardType}}
SHELTERS: dict[str | None, Shelter | None] = {None: None, **{shelter.value: shelter for shelter in Shelter}}
EVACUATIONS: dict[str | None, Evacuation | None] = {
    None: None,
    **{evacuation.value: evacuation for evacuation in Evacuation},
}
CONFIRMATIONS: dict[str | None, ConfirmationState | None] = {
    None: None,
    **{confirmation.value: confirmation for confirmation in ConfirmationState},
}
Location = tuple[str | None, str | None, MovementScope]


def figure(row: Sequence[Any], located: Callable[..., Location], *, is_registered: bool) -> Figure:
    period, pcode, origin, destination, mobility, reasons, hazard, shelter, evacuation, confirmation = row[:10]
    number, imprecise, corrected, assessed, with_disability = row[10:15]
    cells, (unit, country, scope) = tuple(row[15:]), located(pcode, origin, destination)
    numbers: tuple[int, tuple[int, ...], int, int, int, int, int] = (number, cells, corrected, imprecise, 0, 0, 0)
    if not is_registered:
        numbers = (0, (0,) * len(cells), 0, 0, number, sum(cells), imprecise)
    return Figure(
        month(period),
        unit,
        country,
        scope,
        reasons_of(reasons),
        MOBILITIES[mobility],
        *numbers,
        HAZARD_TYPES[hazard],
        None,
        SHELTERS[shelter],
        EVACUATIONS[evacuation],
        CONFIRMATIONS[confirmation],
        assessed,
        with_disability,
    )


def reasons_of(column: str | Sequence[str]) -> tuple[Reason, ...]:
    if isinstance(column, str):
        return ONLY_REASON[column]
    return tuple(sorted({REASONS[reason] for reason in column}))


def location(
    pcode: str | None, origin: str | None, destination: str | None, *, query: FigureQuery, places: Places
) -> Location:
    """A place without a P-code is a whole country. At level 0, every place is a whole country."""
    country = COUNTRY if pcode else destination if query.view is View.DESTINATION else origin
    return unit_at(pcode, query.level, places), country, scope_of(origin, destination)


@cache
def month(period: int | None) -> str | None:
    """Formats a period: 202606 becomes 2026-06, and 202600 (month unknown) becomes 2026."""
    if period is None:
        return None
    year, number = divmod(period, 100)
    return f"{year:04}-{number:02}" if number else f"{year:04}"


def scope_of(origin: str | None, destination: str | None) -> MovementScope:
    """The SQL expression SCOPE follows the same rule."""
    if destination == UNKNOWN_COUNTRY:
        return MovementScope.UNKNOWN
    if destination not in (None, COUNTRY):
        return MovementScope.ABROAD
    if origin == UNKNOWN_COUNTRY:
        return MovementScope.ORIGIN_UNKNOWN
    return MovementScope.FROM_ABROAD if origin not in (None, COUNTRY) else MovementScope.WITHIN


def unit_at(pcode: str | None, level: int, places: Places) -> str | None:
    """At level 2, the unit of a village is the district. A city outside the districts is its own unit."""
    if pcode is None or level == 0:
        return None
    return places.oblast(pcode) if level == 1 else places.district(pcode)
