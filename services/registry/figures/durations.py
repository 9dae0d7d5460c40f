"""Computes how long people have been displaced, and how many people nobody has confirmed for too long.

The duration of a displacement is counted from the departure. The durations are grouped in the classes of UNDRR's DELTA.
Ongoing and ended displacements are separate figures. A displacement does not end only because time passes. A separate
figure counts displaced people whom nobody has confirmed for too long.
"""

# raw SQL throughout: the statements are built from the filters of each query

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.cells import is_chosen, persons
from services.registry.figures.conditions import conditions, people_conditions
from services.registry.figures.queries import FigureQuery, Summary, View, midnight
from services.registry.figures.statements import CONFIRMED_AT, is_unconfirmed, number, source
from services.registry.figures.statistics import fetched, without_nested_loops
from services.registry.reports import CELL_NAMES
from shared.country import TIME_ZONE
from shared.events.vocabulary import SubStock

CLASS_DAYS = (10, 30, 90)  # DELTA's classes are [0,10), [10,30), [30,90), and 90 days or more
CLASSES = ("0-9", "10-29", "30-89", "90+")
ENDINGS = (SubStock.IN_RETURN, SubStock.IN_SETTLEMENT, SubStock.LEFT_COUNTRY, SubStock.DURABLE_SOLUTION)

DAY = f"({{}} AT TIME ZONE '{TIME_ZONE}')::date"
DURATION = f"width_bucket({{last_day}} - {DAY.format('{departed_at}')}, ARRAY[{', '.join(map(str, CLASS_DAYS))}])"
DURATIONS = "SELECT {duration}, {number}, {persons} FROM {table} WHERE {conditions} GROUP BY 1"
OF_SUMMARY = f"array_position(ARRAY{list(CLASSES)}, duration) - 1"
# A row of `episodes` describes a household until its first movement. After the first movement, rows of `stays` describe
# the parts of the household. Only counts in effect are read, because two counts of the same people must never be added.
DEPARTED_AT = {"episodes": "occurred_at", "stays": "departed_at", "counts": "occurred_at"}
HOUSEHOLDS = ("episodes", "stays")
IS_RECENT = {table: f"{DEPARTED_AT[table]} >= :recent_since" for table in HOUSEHOLDS}
LAST_DAY = "CAST(:until_day AS date) - 1"
# An ended displacement is counted at the place of displacement, and not at the place to which the people moved.
ENDED_AT: dict[str, dict[str, str]] = {
    "passages": {"origin": "displaced_from_pcode", "destination": "origin_pcode"},
    "counts": {"origin": "origin_pcode", "destination": "left_pcode"},
    "sums": {},
}
# Selects the people of counted groups who moved. A row of `counts` about people who moved has the departure in
# `occurred_at`, and the movement in `counted_at`.
GROUP_PASSAGES = f"""(
    SELECT status, mobility, reason, reasons, hazard_type, persons, {", ".join(CELL_NAMES)},
        origin_pcode, left_pcode, occurred_at AS departed_at,
        counted_at AS occurred_at, sub_stock AS to_sub_stock,
        coalesce(left_sub_stock, '{SubStock.IN_DISPLACEMENT}') AS from_sub_stock
    FROM counts WHERE movement_id IS NOT NULL
) AS counts"""  # noqa: S608 - constants
HAS_ENDED = f"""occurred_at < :until AND from_sub_stock = '{SubStock.IN_DISPLACEMENT}'
    AND to_sub_stock IN ({", ".join(f"'{ending}'" for ending in ENDINGS)})"""
COUNTED = "SELECT {sign}({number}), {sign}({persons}) FROM {table} WHERE {conditions}"


@dataclass(frozen=True, slots=True)
class DurationFigure:
    """`has_ended` is true if the people returned, settled, left the country or have an assessed solution.

    `group_persons` are people of counted groups. `group_persons` and `persons` must never be added.
    """

    days: str
    has_ended: bool
    households: int
    persons: int
    group_persons: int


@dataclass(frozen=True, slots=True)
class ConfirmationFigure:
    unconfirmed_households: int
    unconfirmed_persons: int
    presumed_households: int
    presumed_persons: int


async def durations(session: AsyncSession, query: FigureQuery, *, is_summed: bool = True) -> list[DurationFigure]:
    """Counts the people by class of duration, at the end of the last day before `until`.

    If `is_summed` is false, the stored sums are not used.
    """
    of_ended = query.duration_summary if is_summed else None
    result: list[DurationFigure] = []
    for has_ended, registered, of_groups in (
        (False, ongoing(query, stock_summary(query, is_summed=is_summed)), ongoing_in(query, "counts")),
        (True, [ended(query, "sums" if of_ended else "passages", of_ended)], ended(query, "counts")),
    ):
        households, people = await by_class(session, query, registered)
        async with without_nested_loops(session):
            _, group_people = await by_class(session, query, [of_groups])
        result += [
            DurationFigure(name, has_ended, households[index], people[index], group_people[index])
            for index, name in enumerate(CLASSES)
        ]
    return result


def stock_summary(query: FigureQuery, *, is_summed: bool) -> Summary | None:
    return anywhere(query).summary("stock") if is_summed and query.is_whole else None


def anywhere(query: FigureQuery) -> FigureQuery:
    """If no origins are selected, count by destination: all callers may read summaries by destination."""
    return query if query.is_of_origin else replace(query, view=View.DESTINATION)


async def by_class(
    session: AsyncSession, query: FigureQuery, statements: Iterable[str]
) -> tuple[Counter[int], Counter[int]]:
    subjects, people = Counter[int | None](), Counter[int | None]()
    for index, subject_number, persons_number in await rows(session, query, statements):
        subjects[index] += subject_number
        people[index] += persons_number
    return classified(subjects), classified(people)


def classified(numbers: Counter[int | None]) -> Counter[int]:
    """If there is a total, the last class gets the people who are in no other class."""
    total = numbers.pop(None, 0)
    classes = Counter({index: number for index, number in numbers.items() if index is not None})
    if total:
        classes[len(CLASSES) - 1] = total - classes.total()
    return classes


def ongoing(query: FigureQuery, summary: Summary | None) -> Iterator[str]:
    """If a summary of the stock has the total, only the displacements of the last 90 days are read.

    Everybody else in the total was displaced earlier.
    """
    if summary:
        yield DURATIONS.format(
            duration="NULL::integer",
            number=number("sums"),
            persons=persons(query, "stock", "sums"),
            table=source(query, "stock", "sums", summary),
            conditions=" AND ".join(conditions(anywhere(query), "stock", "sums")),
        )
    for table in HOUSEHOLDS:
        yield ongoing_in(query, table, *([IS_RECENT[table]] if summary else []))


def ongoing_in(query: FigureQuery, table: str, *more: str) -> str:
    return DURATIONS.format(
        duration=DURATION.format(last_day=LAST_DAY, departed_at=DEPARTED_AT[table]),
        number=number(table),
        persons=persons(query, "stock", table),
        table=source(query, "stock", table, None),
        conditions=" AND ".join((*conditions(query, "stock", table), *more)),
    )


def ended(query: FigureQuery, table: str, summary: Summary | None = None) -> str:
    has_ended = () if table == "sums" else (HAS_ENDED, is_chosen(query, "flows", table))
    return DURATIONS.format(
        duration=OF_SUMMARY
        if table == "sums"
        else DURATION.format(last_day=DAY.format("occurred_at"), departed_at="departed_at"),
        number=number(table),
        persons=persons(query, "flows", table),
        table=GROUP_PASSAGES if table == "counts" else source(query, "stock" if summary else "flows", table, summary),
        conditions=" AND ".join((*people_conditions(query, **ENDED_AT[table]), *has_ended)),
    )


async def confirmations(
    session: AsyncSession, query: FigureQuery, *, is_summed: bool = True
) -> list[ConfirmationFigure]:
    """If `is_summed` is false, the stored sums are not used."""
    summary = stock_summary(query, is_summed=is_summed)
    figures = await rows(session, query, unconfirmed(query, summary))
    presumed = await rows(session, query, [counted(query, "stays", "is_return_presumed")])
    return [ConfirmationFigure(*(sum(row[column] for row in own) for own in (figures, presumed) for column in (0, 1)))]


def unconfirmed(query: FigureQuery, summary: Summary | None) -> Iterator[str]:
    """The caller adds the numbers of all statements.

    A summary of the stock counts everybody. Further statements subtract the people who were confirmed recently.
    """
    if not summary:
        yield from (counted(query, table, is_unconfirmed(CONFIRMED_AT[table])) for table in HOUSEHOLDS)
        return
    yield COUNTED.format(
        sign="",
        number=number("sums"),
        persons=persons(query, "stock", "sums"),
        table=source(query, "stock", "sums", summary),
        conditions=" AND ".join(conditions(anywhere(query), "stock", "sums")),
    )
    for table, at in CONFIRMED_AT.items():
        # the second condition alone gives the same rows, but only the first condition can use an index
        is_confirmed = f"{at} >= CAST(:displaced_from AS timestamptz) AND NOT {is_unconfirmed(at)}"
        yield counted(query, table, is_confirmed, sign="-")


def counted(query: FigureQuery, table: str, condition: str, *, sign: str = "") -> str:
    return COUNTED.format(
        sign=sign,
        number=number(table),
        persons=persons(query, "stock", table),
        table=source(query, "stock", table, None),
        conditions=" AND ".join((*conditions(query, "stock", table), condition)),
    )


async def rows(session: AsyncSession, query: FigureQuery, statements: Iterable[str]) -> Sequence[Sequence[Any]]:
    assert query.until is not None, "a duration ends on a day"
    recent_since = midnight(query.until - timedelta(days=CLASS_DAYS[-1]))
    parameters = {**query.parameters(), "recent_since": recent_since}
    return await fetched(session, " UNION ALL ".join(f"({own})" for own in statements), parameters)
