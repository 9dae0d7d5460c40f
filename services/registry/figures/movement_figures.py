"""Computes the figures of movements by month, origin and destination."""

# raw SQL throughout: the statements are built from the filters of each query

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.cells import is_chosen, persons
from services.registry.figures.conditions import people_conditions
from services.registry.figures.queries import FigureQuery, Summary, View
from services.registry.figures.statements import number, place, source
from services.registry.figures.statistics import avoid_sorting, fetched, month, unit_at
from services.registry.reports import CELL_NAMES
from shared.country import COUNTRY, TIME_ZONE
from shared.events.vocabulary import Movement
from shared.places import Places

MOVEMENTS = """
SELECT period, movement, {origin}, origin_country, {destination}, destination_country, {number}, {persons}
FROM {table} WHERE {conditions} GROUP BY 1, 2, 3, 4, 5, 6
"""
# The people of counted groups who moved. The kind and the day of a movement are read from the report of the movement.
# Reports do not store default values, so `coalesce` adds the default value. A movement without moved people has no row
# in `counts`. In an earlier release of Dayar, a movement could have the outcome `noted` although people moved.
MOVED_GROUPS = f"""(
    SELECT *, 100 * extract(year FROM day)::integer
        + CASE WHEN precision IN ('season', 'year') THEN 0 ELSE extract(month FROM day)::integer END AS period
    FROM (
        SELECT *, occurred_at AT TIME ZONE '{TIME_ZONE}' AS day FROM (
            SELECT counts.status, mobility, reason, reasons, hazard_type, persons, {", ".join(CELL_NAMES)},
                left_pcode AS origin_pcode, left_country AS origin_country, destination_pcode, destination_country,
                clear ->> 'movement' AS movement, CAST(clear ->> 'occurred_at' AS timestamptz) AS occurred_at,
                coalesce(clear ->> 'occurred_at_precision', 'day') AS precision
            FROM counts
            JOIN (SELECT report_id, version, kind, outcome, CAST(clear AS json) AS clear FROM reports) AS reports
                ON (reports.report_id, reports.version) = (counts.movement_id, counts.version)
            WHERE kind IN ('group_movement', 'site_movement') AND outcome IN ('recorded', 'noted')
        ) AS moved
    ) AS dated
) AS counts"""  # noqa: S608 - constants
MOVEMENT_KINDS = {movement.value: movement for movement in Movement}

# Month, movement, P-code and country of the origin, P-code and country of the destination. Unknown values are empty
# texts, because None cannot be sorted.
Route = tuple[str, Movement, str, str, str, str]


@dataclass(slots=True)  # not frozen: a frozen dataclass is created more slowly, and there may be many thousand figures
class MovementFigure:
    """A place without a P-code is a whole country.

    `group_persons` must never be added to `persons`, because people of counted groups may also be registered.
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

    @property
    def name(self) -> str:
        """Figures are sorted by month and route."""
        origin = self.origin_pcode or "", self.origin_country or ""
        destination = self.destination_pcode or "", self.destination_country or ""
        return "\0".join((self.month or "", self.movement, *origin, *destination))


async def movements(
    session: AsyncSession, query: FigureQuery, places: Places, *, is_summed: bool = True
) -> list[MovementFigure]:
    """If `is_summed` is false, the stored sums are not used."""
    summary = query.movement_summary if is_summed else None
    await avoid_sorting(session)

    @cache  # many rows have the same place
    def located(pcode: str | None, country: str | None) -> tuple[str, str]:
        return unit_at(pcode, query.level, places) or "", (COUNTRY if pcode else country) or ""

    numbers = defaultdict[Route, list[int]](lambda: [0, 0, 0])
    for table in ("sums" if summary else "passages", "counts"):
        for row in await fetched(session, statement(query, table, summary), query.parameters()):
            period, movement, origin, origin_country, destination, destination_country, subjects, people = row
            ends = *located(origin, origin_country), *located(destination, destination_country)
            route = numbers[month(period) or "", MOVEMENT_KINDS[movement], *ends]
            if table == "counts":
                route[2] += people
            else:
                route[0] += subjects
                route[1] += people
    return [figure(route, *people) for route, people in sorted(numbers.items()) if any(people)]


def figure(route: Route, households: int, persons: int, group_persons: int) -> MovementFigure:
    when, movement, origin, origin_country, destination, destination_country = route
    return MovementFigure(
        when or None,
        movement,
        origin or None,
        origin_country or None,
        destination or None,
        destination_country or None,
        households,
        persons,
        group_persons,
    )


def statement(query: FigureQuery, table: str, summary: Summary | None) -> str:
    return MOVEMENTS.format(
        origin=place(query, View.ORIGIN),
        destination=place(query, View.DESTINATION),
        number=number(table),
        persons=persons(query, "flows", table),
        table=MOVED_GROUPS if table == "counts" else source(query, "flows", table, summary),
        conditions=" AND ".join(conditions(query, table)),
    )


def conditions(query: FigureQuery, table: str) -> Iterator[str]:
    """With a selected area, the figures count only people who were displaced to the area or moved to the area."""
    yield from people_conditions(query)
    yield from ("movement = ANY(:movements)",) if query.movements else ()
    if table != "sums":
        yield from ("occurred_at >= :since",) if query.since else ()
        yield from ("occurred_at < :until",) if query.until else ()
        yield is_chosen(query, "flows", table)
