"""Computes the figures of the duration of displacement, and of people whom nobody has confirmed.

A duration begins with the departure. The durations are grouped in the classes of UNDRR's DELTA. Ongoing and ended
displacements are separate figures. The passage of time alone does not end a displacement. Therefore a separate figure
counts the people whose last confirmation is too old.
"""

# raw SQL throughout: the statements are built from the filters of each query

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.cells import is_chosen, persons
from services.registry.figures.conditions import conditions, people_conditions
from services.registry.figures.queries import FigureQuery
from services.registry.figures.statements import CONFIRMED_AT, is_unconfirmed, number, source
from services.registry.figures.statistics import fetched
from services.registry.reports import CELL_NAMES
from shared.country import TIME_ZONE
from shared.events.vocabulary import SubStock

CLASS_DAYS = (10, 30, 90)  # DELTA's classes are [0,10), [10,30), [30,90), and 90 days or more
CLASSES = ("0-9", "10-29", "30-89", "90+")
ENDINGS = (SubStock.IN_RETURN, SubStock.IN_SETTLEMENT, SubStock.LEFT_COUNTRY, SubStock.DURABLE_SOLUTION)

DAY = f"({{}} AT TIME ZONE '{TIME_ZONE}')::date"
DURATION = f"width_bucket({{last_day}} - {DAY.format('{departed_at}')}, ARRAY[{', '.join(map(str, CLASS_DAYS))}])"
DURATIONS = "SELECT {duration}, {number}, {persons} FROM {table} WHERE {conditions} GROUP BY 1"
# When the displacement of people who are still displaced began. A row of `episodes` describes a household until its
# first movement; from then on `stays` describe its parts. Only counts in effect are read, so two counts of the same
# people are never added.
DEPARTED_AT = {"episodes": "occurred_at", "stays": "departed_at", "counts": "occurred_at"}
HOUSEHOLDS = ("episodes", "stays")
LAST_DAY = "CAST(:until_day AS date) - 1"
# People of groups who moved. In these counts, `occurred_at` is the time of the departure, and `counted_at` the time of
# the movement.
GROUP_PASSAGES = f"""(
    SELECT status, mobility, reason, reasons, hazard_type, persons, {", ".join(CELL_NAMES)},
        left_pcode AS origin_pcode, destination_pcode, occurred_at AS departed_at,
        counted_at AS occurred_at, sub_stock AS to_sub_stock,
        coalesce(left_sub_stock, '{SubStock.IN_DISPLACEMENT}') AS from_sub_stock
    FROM counts WHERE movement_id IS NOT NULL
) AS counts"""  # noqa: S608 - constants
HAS_ENDED = f"""occurred_at < :until AND from_sub_stock = '{SubStock.IN_DISPLACEMENT}'
    AND to_sub_stock IN ({", ".join(f"'{ending}'" for ending in ENDINGS)})"""
CONFIRMATIONS = """
SELECT {unconfirmed}, {is_presumed}, {number}, {persons} FROM {table} WHERE {conditions} GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class DurationFigure:
    """The people whose duration of displacement is in the class `days`.

    `has_ended` is true if the people returned, settled, left the country or have an assessed solution. `group_persons`
    are people of counted groups, and are never added to `persons`.
    """

    days: str
    has_ended: bool
    households: int
    persons: int
    group_persons: int


@dataclass(frozen=True, slots=True)
class ConfirmationFigure:
    """The displaced people whose last confirmation is too old, and the people whose return is presumed."""

    unconfirmed_households: int
    unconfirmed_persons: int
    presumed_households: int
    presumed_persons: int


async def durations(session: AsyncSession, query: FigureQuery) -> list[DurationFigure]:
    """The people by class of duration, at the end of the last day before `until`."""
    result: list[DurationFigure] = []
    for has_ended, registered, of_groups in (
        (False, [ongoing(query, table) for table in HOUSEHOLDS], ongoing(query, "counts")),
        (True, [ended(query, "passages")], ended(query, "counts")),
    ):
        households, people = await by_class(session, query, registered)
        _, group_people = await by_class(session, query, [of_groups])
        result += [
            DurationFigure(name, has_ended, households[index], people[index], group_people[index])
            for index, name in enumerate(CLASSES)
        ]
    return result


async def by_class(
    session: AsyncSession, query: FigureQuery, statements: Iterable[str]
) -> tuple[Counter[int], Counter[int]]:
    """The numbers of households or groups, and of persons, by the index of their class of duration."""
    subjects, people = Counter[int](), Counter[int]()
    for index, subject_number, persons_number in await rows(session, query, statements):
        subjects[index] += subject_number
        people[index] += persons_number
    return subjects, people


def ongoing(query: FigureQuery, table: str) -> str:
    """The SQL statement for people who are in location of displacement."""
    return DURATIONS.format(
        duration=DURATION.format(last_day=LAST_DAY, departed_at=DEPARTED_AT[table]),
        number=number(table),
        persons=persons(query, "stock", table),
        table=source(query, "stock", table, None),
        conditions=" AND ".join(conditions(query, "stock", table)),
    )


def ended(query: FigureQuery, table: str) -> str:
    """The SQL statement for people whose displacement has ended."""
    return DURATIONS.format(
        duration=DURATION.format(last_day=DAY.format("occurred_at"), departed_at="departed_at"),
        number=number(table),
        persons=persons(query, "flows", table),
        table=GROUP_PASSAGES if table == "counts" else source(query, "flows", table, None),
        conditions=" AND ".join((*people_conditions(query), HAS_ENDED, is_chosen(query, "flows", table))),
    )


async def confirmations(session: AsyncSession, query: FigureQuery) -> list[ConfirmationFigure]:
    """The displaced people whose presence nobody has confirmed recently, and those whose return is presumed.

    The figures are for the end of the last day before `until`.
    """
    found = await rows(session, query, [confirmation(query, table) for table in HOUSEHOLDS])
    # the first two columns say in which of the two figures the row counts; the others are its numbers
    return [
        ConfirmationFigure(*(sum(row[column] for row in found if row[is_in]) for is_in in (0, 1) for column in (2, 3)))
    ]


def confirmation(query: FigureQuery, table: str) -> str:
    return CONFIRMATIONS.format(
        unconfirmed=is_unconfirmed(CONFIRMED_AT[table]),
        is_presumed="is_return_presumed" if table == "stays" else "false",
        number=number(table),
        persons=persons(query, "stock", table),
        table=source(query, "stock", table, None),
        conditions=" AND ".join(conditions(query, "stock", table)),
    )


async def rows(session: AsyncSession, query: FigureQuery, statements: Iterable[str]) -> Sequence[Sequence[Any]]:
    """The rows of all statements, in one state of the data."""
    return await fetched(session, " UNION ALL ".join(f"({own})" for own in statements), query.parameters())
