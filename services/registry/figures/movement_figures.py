"""Computes the figures of movements by month, origin and destination, and of the duration of displacement.

A duration begins with the departure. The durations are grouped in the classes of UNDRR's DELTA. Ongoing and ended
displacements are separate figures. The passage of time alone does not end a displacement. Therefore a separate figure
counts the people whose last confirmation is too old.
"""

# raw SQL throughout: the statements are built from the filters of each query

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.conditions import IS_VISIBLE
from services.registry.figures.queries import FigureQuery
from services.registry.figures.statements import COUNTS_IN_EFFECT, is_unconfirmed
from services.registry.figures.statistics import month, unit_at
from shared.country import COUNTRY, TIME_ZONE
from shared.events.vocabulary import Movement, SubStock
from shared.places import Places
from shared.places.conditions import is_within

CLASS_DAYS = (10, 30, 90)  # DELTA's classes are [0,10), [10,30), [30,90), and 90 days or more
CLASSES = ("0-9", "10-29", "30-89", "90+")
ENDINGS = (SubStock.IN_RETURN, SubStock.IN_SETTLEMENT, SubStock.LEFT_COUNTRY, SubStock.DURABLE_SOLUTION)

MOVEMENTS = """
SELECT period, movement, origin_pcode, origin_country, destination_pcode, destination_country,
    sum(households) AS households, sum(displaced) AS persons
FROM passages WHERE {conditions} GROUP BY 1, 2, 3, 4, 5, 6
"""
COLUMNS = "status, mobility, origin_pcode, destination_pcode, displaced"
# The people of counted groups who moved. The report of the movement states the movement and its day. `coalesce` adds
# the default value, because stored clear fields do not contain default values.
GROUP_MOVEMENTS = f"""
SELECT 100 * extract(year FROM day)::integer
        + CASE WHEN precision IN ('season', 'year') THEN 0 ELSE extract(month FROM day)::integer END AS period,
    movement, origin_pcode, origin_country, destination_pcode, destination_country,
    sum(displaced) AS persons
FROM (
    SELECT *, occurred_at AT TIME ZONE '{TIME_ZONE}' AS day FROM (
        SELECT counts.status, mobility, left_pcode AS origin_pcode, left_country AS origin_country, destination_pcode,
            destination_country, persons AS displaced, clear ->> 'movement' AS movement,
            CAST(clear ->> 'occurred_at' AS timestamptz) AS occurred_at,
            coalesce(clear ->> 'occurred_at_precision', 'day') AS precision
        FROM counts
        JOIN (SELECT report_id, version, kind, outcome, CAST(clear AS json) AS clear FROM reports) AS reports
            ON (reports.report_id, reports.version) = (counts.movement_id, counts.version)
        WHERE kind IN ('group_movement', 'site_movement') AND outcome = 'recorded'
    ) AS moved
) AS passages WHERE {{conditions}} GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - constants
# A row of `episodes` describes a household until its first movement; from then on `stays` describe its parts.
IN_DISPLACEMENT = f"""(
    SELECT {COLUMNS}, 1 AS households, occurred_at AS departed_at, reported_at AS confirmed_at,
        false AS is_return_presumed
    FROM episodes WHERE occurred_at < :until AND superseded_at >= :until
    UNION ALL
    SELECT {COLUMNS}, households, departed_at, confirmed_at, is_return_presumed
    FROM stays WHERE sub_stock = 'in_displacement' AND occurred_at < :until AND superseded_at >= :until
) AS displacements"""  # noqa: S608 - constants
# Only counts in effect are read, so two counts of the same people are never added.
GROUPS_IN_DISPLACEMENT = f"""(
    SELECT status, mobility, origin_pcode, destination_pcode, 1 AS households, persons AS displaced,
        occurred_at AS departed_at
    FROM {COUNTS_IN_EFFECT} WHERE occurred_at < :until AND sub_stock = 'in_displacement'
) AS displacements"""  # noqa: S608 - constants
# People of groups who moved. In these counts, `occurred_at` is the time of the departure, and `counted_at` the time of
# the movement.
GROUP_PASSAGES = """(
    SELECT status, mobility, left_pcode AS origin_pcode, destination_pcode, 1 AS households, persons AS displaced,
        occurred_at AS departed_at, counted_at AS occurred_at, sub_stock AS to_sub_stock,
        coalesce(left_sub_stock, 'in_displacement') AS from_sub_stock
    FROM counts WHERE movement_id IS NOT NULL
) AS passages"""
DAY = f"({{}} AT TIME ZONE '{TIME_ZONE}')::date"
DURATION = f"width_bucket({{end}} - {DAY.format('departed_at')}, ARRAY[{', '.join(map(str, CLASS_DAYS))}])"
DURATIONS = "SELECT {duration}, sum(households), sum(displaced) FROM {table} WHERE {conditions} GROUP BY 1"
ONGOING = {
    "duration": DURATION.format(end=f"{DAY.format('CAST(:until AS timestamptz)')} - 1"),
    "table": IN_DISPLACEMENT,
}
COMPLETED = {"duration": DURATION.format(end=DAY.format("occurred_at")), "table": "passages"}
DURATIONS_BY_STATE = ((False, ONGOING, GROUPS_IN_DISPLACEMENT), (True, COMPLETED, GROUP_PASSAGES))
HAS_ENDED = "occurred_at < :until AND from_sub_stock = 'in_displacement' AND to_sub_stock = ANY(:endings)"
UNCONFIRMED = """
SELECT coalesce(sum(households) FILTER (WHERE {is_unconfirmed}), 0),
    coalesce(sum(displaced) FILTER (WHERE {is_unconfirmed}), 0),
    coalesce(sum(households) FILTER (WHERE is_return_presumed), 0),
    coalesce(sum(displaced) FILTER (WHERE is_return_presumed), 0)
FROM {table} WHERE {conditions}
"""

# The month, the movement, the P-code and country of the origin, and the P-code and country of the destination.
Passages = tuple[str | None, Movement, str | None, str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class MovementFigure:
    """The people who moved in a month. If a place has no P-code, the place is a whole country.

    `group_persons` are people of counted groups. They are never added to `persons`, because they may be registered too.
    """

    month: str | None
    movement: Movement
    origin_pcode: str | None
    origin_country: str | None
    destination_pcode: str | None
    destination_country: str | None
    households: int
    persons: int
    group_persons: int


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


async def movements(session: AsyncSession, query: FigureQuery, places: Places) -> list[MovementFigure]:
    """The people who moved in each month of the period, by origin and destination at the level of the query."""
    conditions = [*common(query), *period(query)]
    if query.movements:
        conditions.append("movement = ANY(:movements)")
    households, persons, group_persons = Counter[Passages](), Counter[Passages](), Counter[Passages]()
    for row in await rows(session, MOVEMENTS, conditions, query):
        key = passages(row, query, places)
        households[key] += row.households
        persons[key] += row.persons
    for row in await rows(session, GROUP_MOVEMENTS, conditions, query):
        group_persons[passages(row, query, places)] += row.persons
    keys = sorted({*persons, *group_persons}, key=sort_key)
    return [MovementFigure(*key, households[key], persons[key], group_persons[key]) for key in keys]


async def rows(session: AsyncSession, statement: str, conditions: Sequence[str], query: FigureQuery) -> Sequence[Any]:
    given = statement.format(conditions=" AND ".join(conditions))
    return (await session.execute(text(given), query.parameters())).all()


def passages(row: Any, query: FigureQuery, places: Places) -> Passages:
    return (
        month(row.period),
        Movement(row.movement),
        *located((row.origin_pcode, row.origin_country), query, places),
        *located((row.destination_pcode, row.destination_country), query, places),
    )


def located(place: Sequence[str | None], query: FigureQuery, places: Places) -> tuple[str | None, str | None]:
    pcode, country = place
    return unit_at(pcode, query.level, places), COUNTRY if pcode else country


def sort_key(key: Passages) -> tuple[str, ...]:
    return tuple(part or "" for part in key)


def period(query: FigureQuery) -> list[str]:
    since = ["occurred_at >= :since"] if query.since else []
    return [*since, "occurred_at < :until"] if query.until else since


async def durations(session: AsyncSession, query: FigureQuery) -> list[DurationFigure]:
    """The people by class of duration, at the end of the last day before `until`."""
    parameters = {**query.parameters(), "endings": [ending.value for ending in ENDINGS]}
    result: list[DurationFigure] = []
    for has_ended, parts, of_groups in DURATIONS_BY_STATE:
        conditions = " AND ".join([*common(query), HAS_ENDED] if has_ended else common(query))
        found = []
        for table in (parts["table"], of_groups):
            statement = DURATIONS.format(duration=parts["duration"], table=table, conditions=conditions)
            rows = (await session.execute(text(statement), parameters)).all()
            found.append({number: (subjects, persons) for number, subjects, persons in rows})
        registered, counted = found
        result += [
            DurationFigure(name, has_ended, *registered.get(number, (0, 0)), counted.get(number, (0, 0))[1])
            for number, name in enumerate(CLASSES)
        ]
    return result


async def confirmations(session: AsyncSession, query: FigureQuery) -> list[ConfirmationFigure]:
    """The displaced people whose presence nobody has confirmed recently, and those whose return is presumed.

    The figures are for the end of the last day before `until`.
    """
    statement = UNCONFIRMED.format(
        table=IN_DISPLACEMENT, is_unconfirmed=is_unconfirmed("confirmed_at"), conditions=" AND ".join(common(query))
    )
    rows = (await session.execute(text(statement), query.parameters())).all()
    return [ConfirmationFigure(*row) for row in rows]


def common(query: FigureQuery) -> list[str]:
    """The SQL conditions of all figures of this module.

    If an area is selected, the figures count only people who were displaced to this area or moved to it.
    """
    visible = [IS_VISIBLE] if query.visible is not None else []
    area = [is_within(f"{query.view.value}_pcode", "pcodes")] if query.pcodes is not None else []
    return ["status = :status AND mobility = ANY(:mobilities) AND displaced > 0", *visible, *area]
