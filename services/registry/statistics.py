"""Computes the figures of displaced persons: the stock on a day, and the flows by month.

The dimensions are place, reason, scope, mobility, sex and age. Each figure states registered households and counted
groups separately. A household is never added to a group, because the same people may be in both.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figure_queries import FigureQuery, Kind, MovementScope, View
from services.registry.figure_statements import TABLES, statement
from services.registry.reports import BRACKETS, CELLS, SEXES, UNKNOWN
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.events.vocabulary import AgeBracket, Mobility, Reason, Sex
from shared.places import Places

NO_CELLS = (0,) * len(CELLS)


@dataclass(slots=True)  # frozen instances would take three times as long to create
class Figure:
    """A figure. `period` is a month, or a year if the month is unknown. A stock has no `period`.

    A figure without a `pcode` is about a whole country. `country` is an alpha-2 code, as in reports.
    """

    period: str | None
    pcode: str | None
    country: str | None
    scope: MovementScope
    reason: Reason
    mobility: Mobility
    households: int = 0
    cells: tuple[int, ...] = NO_CELLS
    corrected: int = 0
    imprecise: int = 0
    groups: int = 0
    group_persons: int = 0
    group_imprecise: int = 0
    persons: int = field(init=False)

    def __post_init__(self) -> None:
        self.persons = sum(self.cells)  # computed once, because the page reads each sum several times

    @property
    def undescribed(self) -> int:
        """Persons of unknown sex and age."""
        return self.cells[UNKNOWN]

    @property
    def name(self) -> tuple[Any, ...]:
        return self.period or "", self.pcode or "~", self.country or "", self.scope, self.reason, self.mobility

    @property
    def by_sex(self) -> Iterator[tuple[Sex, tuple[int, ...]]]:
        """For each sex, the numbers of persons by age bracket."""
        for position, sex in enumerate(SEXES):
            yield sex, self.cells[position * len(BRACKETS) : (position + 1) * len(BRACKETS)]

    def of(self, sex: Sex) -> int:
        return sum(sum(counts) for of, counts in self.by_sex if of == sex)

    def ages(self, *brackets: AgeBracket) -> int:
        return sum(sum(self.cells[BRACKETS.index(bracket) :: len(BRACKETS)]) for bracket in brackets)


async def figures(session: AsyncSession, kind: Kind, query: FigureQuery, places: Places) -> list[Figure]:
    """The figures. The stock is the displaced people by place at the end of the last day before `until`.

    The flows are the displacements that began in each month. A household that was displaced twice counts twice.
    """
    summands: list[Figure] = []
    located = cache(lambda *codes: location(*codes, query=query, places=places))  # cached, because places recur
    for table in TABLES[kind]:
        rows = (await session.execute(text(statement(query, kind, table)), query.parameters())).all()
        summands += [figure(row, located, is_registered=table != "counts") for row in rows]
    return united(summands)


REASONS = {reason.value: reason for reason in Reason}
MOBILITIES = {mobility.value: mobility for mobility in Mobility}
Location = tuple[str | None, str | None, MovementScope]  # unit, country, scope


def figure(row: Sequence[Any], located: Callable[..., Location], *, is_registered: bool) -> Figure:
    period, pcode, origin, destination, reason, mobility, number, imprecise, corrected, *cells = row
    name = month(period), *located(pcode, origin, destination), REASONS[reason], MOBILITIES[mobility]
    if is_registered:
        return Figure(*name, number, tuple(cells), corrected, imprecise)
    return Figure(*name, groups=number, group_persons=sum(cells), group_imprecise=imprecise)


def location(
    pcode: str | None, origin: str | None, destination: str | None, *, query: FigureQuery, places: Places
) -> Location:
    """The place at the requested level. At level 0, or without a P-code, the place is a whole country."""
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
    """The movement scope, by the same rule as the SQL expression SCOPE."""
    if UNKNOWN_COUNTRY in (origin, destination):
        return MovementScope.UNKNOWN
    if destination not in (None, COUNTRY):
        return MovementScope.ABROAD
    return MovementScope.FROM_ABROAD if origin not in (None, COUNTRY) else MovementScope.WITHIN


def united(figures: Iterable[Figure]) -> list[Figure]:
    """Sum figures with the same name, for example the figures of a district's villages."""
    same_name: defaultdict[tuple[Any, ...], list[Figure]] = defaultdict(list)
    for figure in figures:
        same_name[figure.name].append(figure)
    return [summed(same_name[name]) for name in sorted(same_name)]


def unit_at(pcode: str | None, level: int, places: Places) -> str | None:
    """The unit of a P-code at this level. A village becomes its district. A city outside the districts stays a city."""
    if pcode is None or level == 0:
        return None
    return places.oblast(pcode) if level == 1 else places.district(pcode)


NOTHING = Figure(None, None, None, MovementScope.WITHIN, Reason.NOT_REPORTED, Mobility.DISPLACEMENT)


def total(figures: Iterable[Figure]) -> Figure:
    """The total of the households and, separately, the total of the groups."""
    return summed([NOTHING, *figures])


def summed(figures: Sequence[Figure]) -> Figure:
    """The sum of the figures, with the name of the first figure."""
    if len(figures) == 1:
        return figures[0]
    return replace(
        figures[0],
        households=sum(figure.households for figure in figures),
        cells=tuple(map(sum, zip(*(figure.cells for figure in figures), strict=True))),
        corrected=sum(figure.corrected for figure in figures),
        imprecise=sum(figure.imprecise for figure in figures),
        groups=sum(figure.groups for figure in figures),
        group_persons=sum(figure.group_persons for figure in figures),
        group_imprecise=sum(figure.group_imprecise for figure in figures),
    )
