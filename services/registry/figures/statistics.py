"""Computes the figures of displaced persons: the stock on a day, and the flows by month.

The dimensions are place, reason, scope, mobility, sex and age. On request, figures are also split by hazard type,
onset, kind of shelter, kind of evacuation and confirmation. Each figure states registered households and counted groups
separately. A household is never added to a group, because the same people may be in both.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.queries import (
    Dimension,
    FigureCategory,
    FigureQuery,
    Kind,
    MovementScope,
    ReasonRank,
    View,
    category_of,
)
from services.registry.figures.statements import statements
from services.registry.reports import SEXES
from shared.confirmations import ConfirmationState
from shared.country import COUNTRY, UNKNOWN_COUNTRY
from shared.displacement_reasons import onset
from shared.events.vocabulary import Evacuation, HazardType, Mobility, Reason, Sex, Shelter
from shared.hazards import Onset
from shared.places import Places
from shared.postgres import database
from shared.shelters import SHELTERS as SHELTERS_IN_ORDER


class Figure(msgspec.Struct, gc=False):  # a Struct is created faster than a dataclass, and garbage collections skip it
    """A figure. `period` is a month, or a year if the month is unknown. A stock has no `period`.

    A figure without a `pcode` is about a whole country. `country` is an alpha-2 code, as in reports. If the rank is
    `any`, `reasons` has all reasons of the displacements, otherwise at most one reason. `cells` has the numbers of
    persons by sex and age bracket, in the brackets of the query's age profile. `imprecise` counts the households that
    came to their place on a date less exact than a day. `assessed` is the number of registered persons who answered the
    questions about functioning. `with_disability` is the number of persons with disability among them. Both are None if
    the query selects sexes or ages.
    """

    period: str | None
    pcode: str | None
    country: str | None
    scope: MovementScope
    reasons: tuple[Reason, ...]
    mobility: Mobility
    households: int = 0
    cells: tuple[int, ...] = ()
    corrected: int = 0
    imprecise: int = 0
    groups: int = 0
    group_persons: int = 0
    group_imprecise: int = 0
    hazard_type: HazardType | None = None
    onset: Onset | None = None
    shelter: Shelter | None = None
    evacuation: Evacuation | None = None
    confirmation: ConfirmationState | None = None
    assessed: int | None = 0
    with_disability: int | None = 0
    persons: int = 0

    def __post_init__(self) -> None:
        self.persons = sum(self.cells)  # computed once, because the page reads this number several times

    @property
    def undescribed(self) -> int:
        """Persons of unknown sex and age."""
        return self.cells[-1]

    @property
    def name(self) -> str:
        """The values of all dimensions as one text, because Python compares one text much faster than a tuple."""
        place = self.pcode or "~", self.country or "", self.scope
        sheltered = self.shelter or "", self.evacuation or "", self.confirmation or ""
        requested = self.hazard_type or "", self.onset or "", *sheltered
        return "\0".join((self.period or "", *place, "\1".join(self.reasons), self.mobility, *requested))

    @property
    def category(self) -> FigureCategory:
        return category_of(self.mobility, self.scope)

    @property
    def reason(self) -> Reason:
        return self.reasons[0]

    @property
    def by_sex(self) -> Iterator[tuple[Sex, tuple[int, ...]]]:
        """For each sex, the numbers of persons by age bracket."""
        brackets = len(self.cells) // len(SEXES)
        for position, sex in enumerate(SEXES):
            yield sex, self.cells[position * brackets : (position + 1) * brackets]

    def of(self, sex: Sex) -> int:
        return sum(sum(counts) for of, counts in self.by_sex if of == sex)

    def aged(self, brackets: Iterable[int]) -> int:
        """The number of persons in these brackets. A bracket is given by its index in the profile."""
        return sum(counts[bracket] for _, counts in self.by_sex for bracket in brackets)


async def figures(
    session: AsyncSession, kind: Kind, query: FigureQuery, places: Places, *, is_summed: bool = True
) -> list[Figure]:
    """The figures of the stock or of the flows.

    The stock is the displaced people by place at the end of the last day before `until`. The flows are the
    displacements that began in each month. A household that was displaced twice counts twice. If `is_summed` is false,
    the figures are computed without the stored sums.
    """
    summands: list[Figure] = []
    # cached, because many rows are about the same places
    located = cache(lambda *codes: location(*codes, query=query, places=places))
    summary = query.summary(kind) if is_summed else None
    if summary is None or not query.is_whole:
        await avoid_sorting(session)
    for own, is_registered in statements(query, kind, summary):
        rows = await fetched(session, own, query.parameters())
        summands += [figure(row, located, is_registered=is_registered) for row in rows]
    # if the latest changes cancel the stored sum, the figure has no persons and is dropped
    return [figure for figure in united(summands) if figure.persons or figure.group_persons]


async def avoid_sorting(session: AsyncSession) -> None:
    """Make PostgreSQL group rows by hashes until the transaction ends.

    PostgreSQL expects few rows, so it would sort them by all dimensions, which is slower.
    """
    # raw SQL: SQLAlchemy has no statement that sets a parameter
    await session.execute(text("SET LOCAL enable_sort = off"))


PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


async def fetched(session: AsyncSession, statement: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """The rows as the driver returns them. To make rows of SQLAlchemy would take as much time as the query itself."""
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
Location = tuple[str | None, str | None, MovementScope]  # a location consists of a unit, a country and a scope


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
    """The movement scope. The SQL expression SCOPE implements the same rule."""
    if destination == UNKNOWN_COUNTRY:
        return MovementScope.UNKNOWN
    if destination not in (None, COUNTRY):
        return MovementScope.ABROAD
    if origin == UNKNOWN_COUNTRY:
        return MovementScope.ORIGIN_UNKNOWN
    return MovementScope.FROM_ABROAD if origin not in (None, COUNTRY) else MovementScope.WITHIN


def united(figures: Iterable[Figure]) -> list[Figure]:
    """Sum figures with equal dimensions, for example the figures of a district's villages."""
    known: dict[str, Figure] = {}
    several: defaultdict[str, list[Figure]] = defaultdict(list)
    for figure in figures:  # most names belong to only one figure
        name = figure.name
        if known.setdefault(name, figure) is not figure:
            several[name].append(figure)
    for name, others in several.items():
        known[name] = summed([known[name], *others])
    return [known[name] for name in sorted(known)]


def rows(
    figures: list[Figure],
    *,
    rank: ReasonRank,
    by: Collection[Dimension],
    reasons: Collection[Reason],
    onsets: Collection[Onset],
) -> list[Figure]:
    """The figures with one row for each reason and each requested dimension.

    If the rank is `any`, a displacement with several reasons is in several rows. Totals are therefore not sums of rows.
    """
    if rank is not ReasonRank.ANY and Dimension.ONSET not in by:
        return figures

    def by_reason(figure: Figure) -> Iterator[Figure]:
        for reason in figure.reasons:
            of = onset(reason, figure.hazard_type)
            if (not reasons or reason in reasons) and (not onsets or of in onsets):
                yield replace(
                    figure,
                    reasons=(reason,),
                    onset=of if Dimension.ONSET in by else None,
                    hazard_type=figure.hazard_type if Dimension.HAZARD_TYPE in by else None,
                )

    return united(row for figure in figures for row in by_reason(figure))


def by_shelter(figures: Iterable[Figure]) -> list[Figure]:
    """The figures summed by kind of shelter, in the order in which DTM lists shelter arrangements."""
    same: defaultdict[Shelter, list[Figure]] = defaultdict(list)
    for figure in figures:
        same[figure.shelter or Shelter.UNKNOWN].append(figure)
    return [summed(same[shelter]) for shelter in SHELTERS_IN_ORDER if shelter in same]


def by_evacuation(figures: Iterable[Figure]) -> dict[Evacuation | None, Figure]:
    """The totals of evacuated people by kind of evacuation. If the report does not state the kind, the key is None."""
    evacuated = [figure for figure in figures if figure.mobility is Mobility.EVACUATION]
    return {kind: total(figure for figure in evacuated if figure.evacuation is kind) for kind in (*Evacuation, None)}


def unit_at(pcode: str | None, level: int, places: Places) -> str | None:
    """The unit of this level that contains the P-code.

    At level 2, a village becomes its district, and a city outside the districts stays a city.
    """
    if pcode is None or level == 0:
        return None
    return places.oblast(pcode) if level == 1 else places.district(pcode)


NOTHING = Figure(None, None, None, MovementScope.WITHIN, (Reason.NOT_REPORTED,), Mobility.DISPLACEMENT)


def total(figures: Iterable[Figure]) -> Figure:
    """One figure with the total of the households and, separately, the total of the groups.

    All figures must be of one category.
    """
    return summed([NOTHING, *figures])


def totals(figures: Iterable[Figure]) -> dict[FigureCategory, Figure]:
    """The total of each category. Totals of different categories must not be added."""
    return {of: total(same) for of, same in by_category(figures).items()}


def by_category(figures: Iterable[Figure]) -> dict[FigureCategory, list[Figure]]:
    """The figures of each category. A category without figures has an empty list."""
    members: dict[FigureCategory, list[Figure]] = {of: [] for of in FigureCategory}
    for figure in figures:
        members[figure.category].append(figure)
    return members


def summed(figures: Sequence[Figure]) -> Figure:
    """The sum of the figures, with the dimensions of the first one."""
    if len(figures) == 1:
        return figures[0]
    return replace(
        figures[0],
        households=sum(figure.households for figure in figures),
        cells=tuple(map(sum, zip(*(figure.cells for figure in figures if figure.cells), strict=True))),
        corrected=sum(figure.corrected for figure in figures),
        imprecise=sum(figure.imprecise for figure in figures),
        groups=sum(figure.groups for figure in figures),
        group_persons=sum(figure.group_persons for figure in figures),
        group_imprecise=sum(figure.group_imprecise for figure in figures),
        assessed=known_sum(figure.assessed for figure in figures),
        with_disability=known_sum(figure.with_disability for figure in figures),
    )


def known_sum(numbers: Iterable[int | None]) -> int | None:
    """The sum, or None if one of the numbers is None."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
