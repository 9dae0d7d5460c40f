"""Computes the figures of displaced persons: the stock on a day, and the flows by month.

The dimensions are place, reason, scope, mobility, sex and age. Each figure states registered households and counted
groups separately. A household is never added to a group, because the same people may be in both.
"""

# raw SQL throughout: the statements are built from the filters of each query

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.reports import BRACKETS, CELL_NAMES, CELLS, SEXES, UNKNOWN
from shared.country import COUNTRY, TIME_ZONE, UNKNOWN_COUNTRY
from shared.events.vocabulary import DISPLACED, AgeBracket, Mobility, Movement, Reason, Sex, Status, SubStock
from shared.places import Places
from shared.places.conditions import is_within


class View(StrEnum):
    """Which place a figure is about: the people's origin or the people's destination."""

    ORIGIN = "origin"
    DESTINATION = "destination"


Kind = Literal["stock", "flows"]


class MovementScope(StrEnum):
    WITHIN = "within"
    ABROAD = "abroad"
    FROM_ABROAD = "from_abroad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """A query. If `pcodes` or `visible` is None, all places count. `known` has all P-codes of the country."""

    status: Status
    known: Sequence[str]
    visible: Sequence[str] | None = None
    pcodes: Sequence[str] | None = None
    view: View = View.DESTINATION
    level: int = 2
    since: date | None = None
    until: date | None = None  # the first day that is not included
    reasons: Sequence[Reason] = ()
    scopes: Sequence[MovementScope] = ()
    mobilities: Sequence[Mobility] = DISPLACED
    sexes: Sequence[Sex] = ()
    ages: Sequence[AgeBracket] = ()
    sub_stocks: Sequence[SubStock] = (SubStock.IN_DISPLACEMENT,)
    movements: Sequence[Movement] = ()

    @property
    def chosen(self) -> list[int]:
        """Indexes of the selected cells of sex and age."""
        return [
            index
            for index, (sex, age) in enumerate(CELLS)
            if (not self.sexes or sex in self.sexes) and (not self.ages or age in self.ages)
        ]

    @property
    def is_whole(self) -> bool:
        return len(self.chosen) == len(CELLS)

    def parameters(self) -> dict[str, Any]:
        return {
            "status": self.status.value,
            "visible": self.visible,
            "pcodes": self.pcodes,
            "known": self.known,
            "reasons": [reason.value for reason in self.reasons] or None,
            "scopes": [scope.value for scope in self.scopes] or None,
            "sub_stocks": [sub_stock.value for sub_stock in self.sub_stocks],
            "movements": [movement.value for movement in self.movements] or None,
            "mobilities": [mobility.value for mobility in self.mobilities],
            "since": midnight(self.since),
            "until": midnight(self.until),
        }


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


# The stock on a day contains each household at the destination of its latest move before the end of the day.
# The stock also includes each count of a group that is in effect at the end of the day.
# Filters apply to the latest move. A household that was displaced and then migrated does not count as displaced.
# `unable_to_move` is not a move.
STOCK = "superseded_at >= :until"
# Nobody has reported a movement of the people in `episodes`, so they are in location of displacement.
IN_DISPLACEMENT = f"'{SubStock.IN_DISPLACEMENT}' = ANY(:sub_stocks)"
OF_SUB_STOCK = "sub_stock = ANY(:sub_stocks)"
IN_SUB_STOCK = {"episodes": IN_DISPLACEMENT, "counts": OF_SUB_STOCK, "stays": OF_SUB_STOCK}
# A row of `counts` describes the people until the first movement of their group; from then on `group_stays` describe
# those who are left. If teams disagree, several counts of the same people are in effect, and only the highest is used.
OF_COUNT = f"""status, measure, occurred_at, origin_pcode, origin_country, destination_pcode, destination_country,
    reason, mobility, quantifier, persons_estimated, version, persons, superseded_at, {", ".join(CELL_NAMES)}"""
COUNTS_IN_EFFECT = f"""(
    SELECT DISTINCT ON (stock_id) * FROM (
        SELECT {OF_COUNT}, report_id, coalesce(stock_id, report_id) AS stock_id,
            coalesce(sub_stock, '{SubStock.IN_DISPLACEMENT}') AS sub_stock
        FROM counts
        WHERE status = :status AND measure = 'stock' AND superseded_at >= :until
            AND coalesce(counted_at, reported_at) < :until AND coalesce(changed_at, 'infinity') >= :until
        UNION ALL
        SELECT {OF_COUNT}, report_id, stock_id, sub_stock FROM group_stays
        WHERE status = :status AND measure = 'stock' AND superseded_at >= :until AND counted_at < :until
    ) AS present
    ORDER BY stock_id, persons DESC, report_id
) AS counts"""  # noqa: S608 - constants
MEASURES = {"stock": "measure = 'stock'", "flows": "measure = 'flow'"}
SCOPE = f"""CASE
    WHEN destination_country = '{UNKNOWN_COUNTRY}' OR origin_country = '{UNKNOWN_COUNTRY}' THEN 'unknown'
    WHEN destination_country <> '{COUNTRY}' THEN 'abroad'
    WHEN origin_country <> '{COUNTRY}' THEN 'from_abroad'
    ELSE 'within'
END"""
IS_VISIBLE = is_within("coalesce(destination_pcode, origin_pcode)", "visible")
# Python computes scopes, month names and units, because there are fewer result rows than table rows.
FIGURES = """
SELECT {period}, {view}_pcode, origin_country, destination_country, reason, mobility, {number},
    {number_imprecise}, {number_corrected}, {cells}
FROM {table} WHERE {conditions}
GROUP BY 1, 2, 3, 4, 5, 6
"""
PERIODS = {"stock": "NULL::integer", "flows": "period"}
# A row of `episodes` describes a household until its first movement; from then on `stays` describe its parts.
# `displaced_again` is a new displacement, so that its passages are flows.
TABLES = {"stock": ("episodes", "stays", "counts"), "flows": ("episodes", "passages", "counts")}
VAGUE = "occurred_at_precision NOT IN ('hour', 'day')"
IMPRECISE = {
    "episodes": VAGUE,
    "stays": VAGUE,
    "passages": VAGUE,
    "counts": "(quantifier <> 'exact' OR coalesce(persons_estimated, false))",
}
ALL_CELLS = {
    "episodes": "displaced",
    "stays": "displaced",
    "passages": "displaced",
    "counts": "persons",
}  # the sum of all cells of sex and age


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


def statement(query: FigureQuery, kind: Kind, table: str) -> str:
    """The SQL statement, with only the conditions that the query needs, because PostgreSQL can then use an index."""
    chosen = set(query.chosen)
    cells = [f"coalesce(sum({name}), 0)" if index in chosen else "0" for index, name in enumerate(CELL_NAMES)]
    return FIGURES.format(
        table=COUNTS_IN_EFFECT if (kind, table) == ("stock", "counts") else table,
        period=PERIODS[kind],
        view=query.view.value,
        number=number(table),
        number_imprecise=number(table, IMPRECISE[table]),
        number_corrected=number(table, "version > 1"),
        cells=", ".join(cells),
        conditions=" AND ".join(conditions(query, kind, table)),
    )


def number(table: str, condition: str | None = None) -> str:
    """The SQL expression for the number of households or groups. A household in several parts counts once."""
    where = f" FILTER (WHERE {condition})" if condition else ""
    return f"coalesce(sum(households){where}, 0)" if table in ("stays", "passages") else f"count(*){where}"


def conditions(query: FigureQuery, kind: Kind, table: str) -> Iterator[str]:
    yield "status = :status AND mobility = ANY(:mobilities)"
    yield from (MEASURES[kind],) if table == "counts" else ()
    yield from ("occurred_at < :until",) if query.until else ()
    yield from ("occurred_at >= :since",) if query.since and kind == "flows" else ()
    yield from (STOCK,) if kind == "stock" else ()
    yield from (IN_SUB_STOCK[table],) if kind == "stock" else ()
    yield from ("movement = 'displaced_again'",) if table == "passages" else ()
    yield from (IS_VISIBLE,) if query.visible is not None else ()
    yield from (is_within(f"{query.view.value}_pcode", "pcodes"),) if query.pcodes is not None else ()
    yield from ("reason = ANY(:reasons)",) if query.reasons else ()
    yield from (f"({SCOPE}) = ANY(:scopes)",) if query.scopes else ()
    yield is_chosen(query, table)


def is_chosen(query: FigureQuery, table: str) -> str:
    """The SQL condition that the row has persons of the selected sexes and ages."""
    if query.is_whole:
        return f"{ALL_CELLS[table]} > 0"
    cells = ", ".join(CELL_NAMES[index] for index in query.chosen)
    return f"num_nonnulls({cells}) > 0" if cells else "false"


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


def midnight(day: date | None) -> datetime | None:
    """The start of the day in Bishkek."""
    return None if day is None else datetime.combine(day, time(), TIME_ZONE)


def day_after(day: date) -> date:
    return day + timedelta(days=1)


def today(now: datetime) -> date:
    return now.astimezone(TIME_ZONE).date()
