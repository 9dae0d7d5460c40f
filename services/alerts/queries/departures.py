"""Counts the people who left a district: registered households, counted groups, and people in held reports."""

# raw SQL throughout: these statements run for every batch of households and must be fast

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries.groups import LEFT_ON
from services.alerts.rules.compared_places import ComparedPlace, RegisteredThere
from services.alerts.rules.headcounts import Departed, HeadCount, RegisteredDeparture
from shared.events.vocabulary import Mobility, Status
from shared.postgres import database

Span = tuple[str, date, date]  # A span is an area, and the first and last date on which people left it.

# Each row of `departed_by_destination` stands for households that left an area on the same dates. The row lists all
# departure dates of these households. A household that left several times is therefore counted once in an alert's
# window. The first SELECT finds households whose last departure lies in the requested dates. The second SELECT finds
# the few households that left again later, by a partial index. OFFSET 0 makes PostgreSQL use the index once for each
# area. Without OFFSET 0, PostgreSQL would read the whole table.
REGISTERED = """
SELECT counted.* FROM unnest($1::text[], $2::date[], $3::date[]) AS asked (area, first, last) CROSS JOIN LATERAL (
    SELECT status, area, moves, destination, households, persons FROM departed_by_destination
    WHERE area = asked.area AND last_on BETWEEN asked.first AND asked.last AND households > 0 OFFSET 0
) AS counted
UNION
SELECT counted.* FROM unnest($1::text[], $2::date[], $3::date[]) AS asked (area, first, last) CROSS JOIN LATERAL (
    SELECT status, area, moves, destination, households, persons FROM departed_by_destination
    WHERE area = asked.area AND last_on > asked.last AND cardinality(moves) > 1 AND households > 0 OFFSET 0
) AS counted
"""
ASKED_STOCKS = """ARRAY(
    SELECT stock_id FROM unnest($1::text[], $2::date[], $3::date[]) AS asked (area, first, last) JOIN counted_groups
        ON origin_area = asked.area AND departed_on BETWEEN asked.first AND asked.last
    UNION
    SELECT stock_id FROM unnest($1::text[], $2::date[], $3::date[]) AS asked (area, first, last) JOIN held_people
        ON origin_area = asked.area AND departed_on BETWEEN asked.first AND asked.last
    WHERE is_counted AND stock_id IS NOT NULL
)"""
IS_COUNTED = """
{counts}.is_counted AND {counts}.mobility = ANY($4) AND NOT EXISTS (
    SELECT FROM replaced_counts AS replaced
    WHERE replaced.report_id = {counts}.report_id AND replaced.sequence > {counts}.sequence
)
"""
# A count of everybody at a site states no origin, and includes the people of the other counts at the site. In a count
# of everybody, people whom no other count includes count as people of unknown origin. If a site has two counts of
# everybody, the later count adds only the people that the earlier count lacks. Registered people at the site, whose
# origin is known, are also subtracted from a count of everybody. Registered people may also be in the other counts, so
# only the larger of the two numbers is subtracted. A yard may hold several households, so registered households are not
# subtracted from yards. The number of remaining families or yards is at most the number of remaining persons. An
# earlier count of everybody already includes the people of the other counts.
IN_OTHERS = """greatest(
    sum(stock.{0}) FILTER (WHERE NOT covers_site), max(stock.{0}) FILTER (WHERE covers_site)
)::int AS {0}"""
COUNTED = f"""
SELECT counts.status, counts.origin_area, counts.stock_id, left_on, coalesce(departed_on, left_on) AS reported_on,
    coalesce(destination_area, '') AS destination, remaining.persons,
    CASE WHEN covers_site THEN least(remaining.families, remaining.persons) ELSE counts.families END,
    CASE WHEN covers_site THEN least(remaining.yards, remaining.persons) ELSE counts.yards END,
    counts.persons_estimated, comparison
FROM counted_groups AS counts
JOIN ({LEFT_ON.format(stock_ids=ASKED_STOCKS)}) AS stocks USING (status, origin_area, stock_id)
LEFT JOIN LATERAL (
    SELECT {IN_OTHERS.format("persons")}, {IN_OTHERS.format("families")}, {IN_OTHERS.format("yards")}
    FROM (
        SELECT other.covers_site, max(other.persons) AS persons, max(other.families) AS families,
            max(other.yards) AS yards
        FROM counted_groups AS other
        WHERE counts.covers_site AND other.site_id = counts.site_id AND other.status = counts.status
            AND other.stock_id <> counts.stock_id
            AND (NOT other.covers_site OR (other.counted_at, other.stock_id) < (counts.counted_at, counts.stock_id))
            AND {IS_COUNTED.format(counts="other")}
        GROUP BY other.stock_id, other.covers_site
    ) AS stock
) AS others ON true
CROSS JOIN LATERAL (
    SELECT greatest(0, others.persons, (comparison ->> 'included_persons')::int) AS persons,
        greatest(0, others.families, (comparison ->> 'included_households')::int) AS families,
        greatest(0, others.yards) AS yards
) AS known
CROSS JOIN LATERAL (
    SELECT greatest(0, counts.persons - known.persons) AS persons,
        greatest(0, counts.families - known.families) AS families, greatest(0, counts.yards - known.yards) AS yards
) AS remaining
WHERE {IS_COUNTED.format(counts="counts")}
"""  # noqa: S608

# Registered households and recorded counts never count as held, even if the event that ends the hold arrives late. A
# report of an exercise does not end the hold of an Actual report. The requested dates may overlap, so DISTINCT prevents
# double counting. OFFSET 0 makes PostgreSQL find each held household and each held count by an index. Without OFFSET 0,
# PostgreSQL might read the whole table.
HELD_HOUSEHOLDS = """
SELECT status, area, departed_on, destination, count(*) AS households, sum(persons) AS persons
FROM (
    SELECT DISTINCT subject_id, status, area, departed_on, coalesce(destination_area, '') AS destination, persons
    FROM unnest($1::text[], $2::date[], $3::date[]) AS asked (area, first, last) JOIN held_people AS held
        ON origin_area = asked.area AND departed_on BETWEEN asked.first AND asked.last
    WHERE stock_id IS NULL AND is_counted AND mobility = ANY($4)
        AND NOT EXISTS (
            SELECT FROM households WHERE household_id = held.subject_id
                AND (households.status = 'Actual' OR held.status <> 'Actual') OFFSET 0
        )
) AS held
GROUP BY status, area, departed_on, destination
"""
HELD_COUNTS = f"""
SELECT status, origin_area, stock_id, departed_on, departed_on AS reported_on,
    coalesce(destination_area, '') AS destination, persons, families, yards
FROM held_people AS held
WHERE stock_id = ANY({ASKED_STOCKS}) AND is_counted AND departed_on IS NOT NULL AND mobility = ANY($4)
    AND NOT EXISTS (
        SELECT FROM counted_groups WHERE report_id = held.report_id
            AND (counted_groups.status = 'Actual' OR held.status <> 'Actual') OFFSET 0
    )
"""  # noqa: S608


async def departed(
    session: AsyncSession, spans: Collection[Span], mobility: Collection[Mobility]
) -> dict[tuple[Status, str], Departed]:
    connection = await database.driver(session)
    columns = [list(column) for column in zip(*spans, strict=True)]
    people = defaultdict[tuple[Status, str], Departed](Departed)
    for status, area, moves, *registered in await connection.fetch(REGISTERED, *columns):
        if dates := _dates(moves, mobility):
            people[Status(status), area].registered.append(RegisteredDeparture(dates, *registered))
    for status, area, *counted, comparison in await connection.fetch(COUNTED, *columns, list(mobility)):
        place = _place(comparison, mobility) if comparison else None
        people[Status(status), area].counts.append(replace(HeadCount(*counted), place=place))
    for status, area, day, *households in await connection.fetch(HELD_HOUSEHOLDS, *columns, list(mobility)):
        people[Status(status), area].held.append(RegisteredDeparture((day,), *households))
    for status, area, *held in await connection.fetch(HELD_COUNTS, *columns, list(mobility)):
        people[Status(status), area].held_counts.append(HeadCount(*held))
    return people


def _dates(moves: Iterable[str], mobility: Collection[Mobility]) -> tuple[date, ...]:
    departures = (move.split(" ") for move in moves)
    return tuple(dict.fromkeys(date.fromisoformat(day) for day, how in departures if how in mobility))


def _place(comparison: Mapping[str, Any], mobility: Collection[Mobility]) -> ComparedPlace:
    registered = tuple(
        RegisteredThere(
            date.fromisoformat(people["occurred_on"]),
            *(people[name] for name in ("persons", "households", "stated_persons", "stated_households")),
        )
        for people in comparison["registered"]
        if people["mobility"] in mobility
    )
    return ComparedPlace(comparison["place_id"], comparison["sequence"], registered)
