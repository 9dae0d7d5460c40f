"""Counts with SQL how many displaced households live in the area of a hazard in force."""

# raw SQL throughout: the statements must be fast, because batches of households wait for them or for their locks

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.projections import DisplacedHousehold
from services.alerts.queries.sites import WITH_PEOPLE, WITHOUT_SITE
from shared.country import TIME_ZONE
from shared.events import HazardReported
from shared.events.vocabulary import Mobility
from shared.hazards import BEFORE_ONSET
from shared.postgres import database

if TYPE_CHECKING:
    from services.alerts.rules.exposure import ExposureRule

# A transaction handles at most this number of hazards or districts, because batches of households wait for its end.
MANY = 25

# A household counts as displaced by the hazard that the household names. A household that names no hazard counts as
# displaced by a hazard under three conditions:
# - The household states no different type of hazard.
# - The household states no cause, or a cause that can be a hazard.
# - The household left a district of the hazard, at the earliest BEFORE_ONSET before the onset.
# A household trapped at its destination counts as exposed, because the hazard threatens the household there.
DISPLACED_BY = """
    NOT moved.is_trapped AND moved.mobility = ANY($1) AND (
        moved.hazard_id = exposures.hazard_id
        OR (
            moved.hazard_id IS NULL AND NOT moved.has_other_cause
            AND coalesce(moved.hazard_type, exposures.hazard_type) = exposures.hazard_type
            AND moved.origin_area = ANY(exposures.origins) AND moved.departed_on >= exposures.departed_from
        )
    )
"""
ADD_DISPLACED = f"""
UPDATE exposures SET displaced = displaced + counted.change FROM (
    SELECT exposures.hazard_id, exposures.area, sum(moved.change) AS change
    FROM unnest(
        $2::int[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::date[],
        $10::bool[], $11::bool[]
    ) AS moved (
        change, status, destination_area, mobility, hazard_id, hazard_type, origin_area, departed_on,
        has_other_cause, is_trapped
    )
    JOIN exposures ON exposures.area = moved.destination_area AND exposures.status = moved.status
    WHERE {DISPLACED_BY}
    GROUP BY exposures.hazard_id, exposures.area HAVING sum(moved.change) <> 0
) AS counted WHERE (exposures.hazard_id, exposures.area) = (counted.hazard_id, counted.area)
"""  # noqa: S608 - constants
COUNT_DISPLACED = f"""
UPDATE exposures SET displaced = counted.number FROM (
    SELECT exposures.hazard_id, exposures.area, count(*) AS number
    FROM exposures JOIN households AS moved
        ON moved.destination_area = exposures.area AND moved.status = exposures.status
    WHERE exposures.hazard_id = ANY($2) AND exposures.gone IS NULL AND {DISPLACED_BY}
    GROUP BY exposures.hazard_id, exposures.area
) AS counted WHERE (exposures.hazard_id, exposures.area) = (counted.hazard_id, counted.area)
"""  # noqa: S608 - constants

HAZARDS = "SELECT report FROM hazards WHERE hazard_id = ANY($1)"
WITHOUT_DISTRICTS = f"{HAZARDS} AND areas = '{{}}' AND NOT is_cancelled"
MARK_LEFT = """
UPDATE exposures SET gone = CASE WHEN is_cancelled THEN 'cancelled' ELSE 'moved_away' END, displaced = 0, told_at = NULL
FROM hazards WHERE exposures.hazard_id = hazards.hazard_id AND hazards.hazard_id = ANY($1)
"""
# A report may have 256 KB and many districts, so each report is parsed once, before its districts are listed. A stored
# row keeps `displaced`, until COUNT_DISPLACED computes it anew.
STORE_DISTRICTS = f"""
MERGE INTO exposures USING (
    WITH changed AS MATERIALIZED (
        SELECT hazard_id, areas, status, report::json ->> 'type' AS hazard_type, ends_at,
            (((report::json ->> 'onset')::timestamptz - $2::interval) AT TIME ZONE '{TIME_ZONE}')::date AS departed_from
        FROM hazards WHERE hazard_id = ANY($1) AND NOT is_cancelled
    ), placed AS (
        SELECT changed.*, CASE WHEN areas <> '{{}}' THEN areas ELSE ARRAY(
            SELECT area FROM unnest($3::uuid[], $4::text[]) AS inside (hazard_id, area)
            WHERE inside.hazard_id = changed.hazard_id
        ) END AS origins
        FROM changed
    )
    SELECT hazard_id, area, status, hazard_type, origins, ends_at, departed_from
    FROM placed CROSS JOIN unnest(origins) AS area
) AS covered ON (exposures.hazard_id, exposures.area) = (covered.hazard_id, covered.area)
WHEN MATCHED THEN UPDATE SET
    status = covered.status, hazard_type = covered.hazard_type, origins = covered.origins,
    departed_from = covered.departed_from, ends_at = covered.ends_at, gone = NULL
WHEN NOT MATCHED THEN INSERT (hazard_id, area, status, hazard_type, origins, departed_from, ends_at, displaced)
    VALUES (hazard_id, area, status, hazard_type, origins, departed_from, ends_at, 0)
"""  # noqa: S608 - constants

EXPOSED = f"""
SELECT exposures.*, coalesce(living.households, 0) - displaced AS exposed, coalesce(inhabited.sites, '') AS sites,
    coalesce(counted.persons, 0) AS group_persons, coalesce(counted.places, '') AS group_places
FROM exposures
LEFT JOIN (
    SELECT status, area, sum(households)::int AS households FROM resident_counts
    WHERE mobility = ANY($1) GROUP BY status, area
) AS living USING (status, area)
LEFT JOIN (
    SELECT status, area, string_agg(site_id || ' ' || version, ' ' ORDER BY site_id) AS sites
    FROM ({WITH_PEOPLE}) AS sites GROUP BY status, area
) AS inhabited USING (status, area)
LEFT JOIN (
    SELECT status, area, sum(persons)::int AS persons,
        string_agg(locality || '=' || persons, ' ' ORDER BY locality) AS places
    FROM (
        SELECT status, area, locality, sum(persons)::int AS persons FROM ({WITHOUT_SITE}) AS stocks
        GROUP BY status, area, locality
    ) AS localities GROUP BY status, area
) AS counted USING (status, area)
"""  # noqa: S608 - constants
# `group_places` counts the people of groups in each settlement. `=15 KG05258811010=20` means: 20 people in the
# settlement with this code, and 15 people whose settlement is unknown. If only a figure has changed, the alert is
# evaluated after an interval. The alert is evaluated at once if the figure crosses the threshold, or if the
# list of sites or settlements with people has changed. A hazard with a pending change is skipped: the newest revision
# may cancel the hazard or change its districts.
DUE = f"""
SELECT hazard_id, area FROM ({EXPOSED}) AS exposures
WHERE NOT EXISTS (SELECT FROM hazard_changes WHERE hazard_changes.hazard_id = exposures.hazard_id) AND (
    told_at IS NULL OR sites <> coalesce(told_sites, '')
    OR (exposed, displaced, group_persons, group_places)
        IS DISTINCT FROM (told_exposed, told_displaced, told_group_persons, told_group_places)
    AND (
        told_at <= $3 OR (exposed >= $2) <> (told_exposed >= $2)
        OR regexp_replace(group_places, '=[0-9]+', '=', 'g')
            IS DISTINCT FROM regexp_replace(told_group_places, '=[0-9]+', '=', 'g')
    )
)
ORDER BY told_at NULLS FIRST LIMIT $4
"""  # noqa: S608 - constants
STANDING = f"""
SELECT hazard_id, area, exposed, displaced, gone, told_exposed IS NULL, sites, group_persons, group_places
FROM ({EXPOSED}) AS exposures
JOIN unnest($2::uuid[], $3::text[]) AS pair (hazard_id, area) USING (hazard_id, area)
ORDER BY hazard_id, area
"""  # noqa: S608 - constants
NOTE_TOLD = """
UPDATE exposures
SET told_exposed = told.exposed, told_displaced = told.displaced, told_sites = told.sites,
    told_group_persons = told.group_persons, told_group_places = told.group_places, told_at = $8
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::integer[], $5::text[], $6::integer[], $7::text[])
    AS told (hazard_id, area, exposed, displaced, sites, group_persons, group_places)
WHERE (exposures.hazard_id, exposures.area) = (told.hazard_id, told.area)
"""
FORGET = """
DELETE FROM exposures WHERE told_at IS NOT NULL AND (gone IS NOT NULL OR ends_at < $1) AND NOT EXISTS (
    SELECT FROM alerts
    WHERE kind = 'exposure' AND (alerts.hazard_id, alerts.area) = (exposures.hazard_id, exposures.area)
        AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
)
"""
DISPLACED = (
    "SELECT hazard_id, sum(displaced)::int FROM exposures WHERE hazard_id = ANY($1) AND gone IS NULL GROUP BY hazard_id"
)


class Exposed(NamedTuple):
    """A hazard and one of its districts.

    `displaced` counts the households in the district that this hazard displaced. `exposed` counts the displaced
    households in the district that something else displaced. `sites` has the ids and versions of the district's sites
    with people. `exposed_sites` has the sites with people that lie in the hazard's area.

    `group_persons` counts the people of counted groups in the district, without the people at sites. `group_places` has
    the settlements of these people. `exposed_localities` has the settlements of these people that lie in the hazard's
    area.
    """

    hazard_id: UUID
    area: str
    exposed: int
    displaced: int
    gone: str | None
    is_new: bool
    sites: str = ""
    group_persons: int = 0
    group_places: str = ""
    exposed_sites: tuple[UUID, ...] = ()
    exposed_localities: tuple[str, ...] = ()

    @property
    def persons_by_locality(self) -> dict[str, int]:
        """Maps settlements to numbers of people. The key "" stands for unknown settlements."""
        pairs = (place.split("=") for place in self.group_places.split())
        return {locality: int(persons) for locality, persons in pairs}

    def is_idle(self, rule: "ExposureRule") -> bool:
        is_anybody_there = self.exposed >= rule.households or self.displaced or self.sites or self.group_persons
        return self.is_new and self.gone is None and not is_anybody_there


async def add_displaced(
    session: AsyncSession, moved: Sequence[tuple[int, DisplacedHousehold]], mobility: Collection[Mobility]
) -> None:
    """`moved` pairs each household with its change: +1 or -1."""
    if moved:
        rows = [
            (
                change,
                household.status,
                household.destination_area,
                household.mobility,
                household.hazard_id,
                household.hazard_type,
                household.origin_area,
                household.departed_on,
                household.has_other_cause,
                household.is_trapped,
            )
            for change, household in moved
        ]
        connection = await database.driver(session)
        await connection.execute(ADD_DISPLACED, list(mobility), *map(list, zip(*rows, strict=True)))


async def store_districts(
    session: AsyncSession,
    hazard_ids: Collection[UUID],
    districts_by_points: Mapping[UUID, Collection[str]],
    mobility: Collection[Mobility],
) -> None:
    """Stores the districts of each hazard's newest revision, and counts the displaced households there.

    `districts_by_points` has districts for revisions that name no district. If the newest stored revision of a hazard
    names districts, `districts_by_points` has no effect for this hazard.
    """
    inside = [(hazard_id, area) for hazard_id, areas in districts_by_points.items() for area in areas]
    connection, ids = await database.driver(session), list(hazard_ids)
    await connection.execute(MARK_LEFT, ids)
    await connection.execute(
        STORE_DISTRICTS, ids, BEFORE_ONSET, [hazard_id for hazard_id, _ in inside], [area for _, area in inside]
    )
    await connection.execute(COUNT_DISPLACED, list(mobility), ids)


async def due(session: AsyncSession, rule: "ExposureRule", renewed_before: datetime) -> list[tuple[UUID, str]]:
    connection = await database.driver(session)
    rows = await connection.fetch(DUE, list(rule.mobility), rule.households, renewed_before, MANY)
    return [(row["hazard_id"], row["area"]) for row in rows]


async def exposed(
    session: AsyncSession, pairs: Collection[tuple[UUID, str]], mobility: Collection[Mobility]
) -> list[Exposed]:
    connection = await database.driver(session)
    rows = await connection.fetch(STANDING, list(mobility), *map(list, zip(*pairs, strict=True)))
    return [Exposed(*row) for row in rows]


async def hazards(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, HazardReported]:
    return await _hazards(session, HAZARDS, ids)


async def without_districts(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, HazardReported]:
    return await _hazards(session, WITHOUT_DISTRICTS, ids)


async def _hazards(session: AsyncSession, statement: str, ids: Collection[UUID]) -> dict[UUID, HazardReported]:
    connection = await database.driver(session)
    rows = await connection.fetch(statement, list(ids))
    reports = [HazardReported.model_validate_json(row["report"]) for row in rows]
    return {hazard.hazard_id: hazard for hazard in reports}


async def displaced(session: AsyncSession, hazard_ids: Collection[UUID]) -> dict[UUID, int]:
    connection = await database.driver(session)
    return dict(await connection.fetch(DISPLACED, list(hazard_ids)))


async def note_notified(session: AsyncSession, exposures: Iterable[Exposed], now: datetime) -> None:
    connection = await database.driver(session)
    rows = [
        (
            *(exposure.hazard_id, exposure.area, exposure.exposed, exposure.displaced),
            *(exposure.sites, exposure.group_persons, exposure.group_places),
        )
        for exposure in exposures
    ]
    await connection.execute(NOTE_TOLD, *map(list, zip(*rows, strict=True)), now)


async def forget(session: AsyncSession, over_by: datetime) -> None:
    """An exposure is not deleted if its alert is open, or if its latest change was not evaluated yet."""
    connection = await database.driver(session)
    await connection.execute(FORGET, over_by)
