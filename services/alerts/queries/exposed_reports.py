"""Finds the reports whose people are counted in exposure alerts."""

# raw SQL throughout: the tables are large, and one statement finds the reports and stores their ids

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.counts import DISPLACED_BY, Exposed
from services.alerts.queries.sites import HAS_NO_SITE, IS_PRESENT
from shared.events import HazardReported
from shared.events.vocabulary import Mobility, Status
from shared.postgres import database

ALERTED_DISTRICTS = """
SELECT exposures.hazard_id, exposures.area
FROM exposures JOIN alerts ON (alerts.hazard_id, alerts.area) = (exposures.hazard_id, exposures.area)
WHERE alerts.kind = 'exposure' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL AND gone IS NULL
"""
# An exposure alert counts the district's households that another hazard displaced. An exposure alert also counts people
# of groups at sites or in settlements that the hazard reaches. Several alerts may count one report, but
# `alerted_reports` has its id only once. Each part of the statement leaves out stored reports, and ends after $11
# reports, because no more reports are published at once.
IS_NEW = """NOT EXISTS (
    SELECT FROM alerted_reports AS noted WHERE (noted.status, noted.report_id) = ({status}, {report_id})
)"""
IS_NEW_COUNT = IS_NEW.format(status="counted.status", report_id="coalesce(counted.movement_id, counted.report_id)")
NOTE_REPORTS = f"""
INSERT INTO alerted_reports (status, report_id)
SELECT status, report_id FROM (
    (
        SELECT moved.status, moved.report_id FROM households AS moved
        WHERE moved.destination_area = ANY($3) AND moved.report_id IS NOT NULL AND moved.mobility = ANY($1)
            AND EXISTS (
                SELECT FROM unnest($2::uuid[], $3::text[]) AS exposed (hazard_id, area)
                JOIN exposures USING (hazard_id, area)
                WHERE (area, exposures.status) = (moved.destination_area, moved.status)
                    AND ({DISPLACED_BY}) IS NOT TRUE
            )
            AND {IS_NEW.format(status="moved.status", report_id="moved.report_id")}
        LIMIT $11
    )
    UNION
    (
        SELECT counted.status, coalesce(counted.movement_id, counted.report_id)
        FROM unnest($4::text[], $5::uuid[]) AS exposed (status, site_id)
        JOIN counted_groups AS counted USING (status, site_id)
        WHERE {IS_PRESENT} AND {IS_NEW_COUNT}
        LIMIT $11
    )
    UNION
    (
        SELECT counted.status, coalesce(counted.movement_id, counted.report_id)
        FROM unnest($6::text[], $7::text[], $8::text[]) AS exposed (status, area, locality)
        JOIN counted_groups AS counted ON counted.status = exposed.status AND destination_area = exposed.area
            AND coalesce(locality_pcode, '') = locality
        WHERE {IS_PRESENT} AND {HAS_NO_SITE} AND {IS_NEW_COUNT}
        LIMIT $11
    )
    UNION
    SELECT status, report_id FROM unnest($9::text[], $10::uuid[]) AS hazards (status, report_id)
    WHERE {IS_NEW.format(status="hazards.status", report_id="hazards.report_id")}
) AS reports
LIMIT $11
ON CONFLICT DO NOTHING
RETURNING status, report_id
"""  # noqa: S608 - constants
# If an alert counts a report for longer than 90 days, the report is published a second time with the same id.
FORGET_REPORTS = "DELETE FROM alerted_reports WHERE noted_at < now() - interval '90 days'"


async def forget_reports(session: AsyncSession) -> None:
    connection = await database.driver(session)
    await connection.execute(FORGET_REPORTS)


async def alerted_districts(session: AsyncSession) -> list[tuple[UUID, str]]:
    connection = await database.driver(session)
    return [(row["hazard_id"], row["area"]) for row in await connection.fetch(ALERTED_DISTRICTS)]


async def note_reports(
    session: AsyncSession,
    exposures: Collection[tuple[HazardReported, Exposed]],
    mobility: Collection[Mobility],
    most: int,
) -> set[tuple[Status, UUID]]:
    """Returns at most `most` reports that were not stored before."""
    sites = [(hazard.status, site_id) for hazard, exposure in exposures for site_id in exposure.exposed_sites]
    localities = [
        (hazard.status, exposure.area, locality)
        for hazard, exposure in exposures
        for locality in exposure.exposed_localities
    ]
    connection = await database.driver(session)
    rows = await connection.fetch(
        NOTE_REPORTS,
        list(mobility),
        [exposure.hazard_id for _, exposure in exposures],
        [exposure.area for _, exposure in exposures],
        [status for status, _ in sites],
        [site_id for _, site_id in sites],
        [status for status, _, _ in localities],
        [area for _, area, _ in localities],
        [locality for _, _, locality in localities],
        [hazard.status for hazard, _ in exposures],
        [hazard.report_id for hazard, _ in exposures],
        most,
    )
    return {(Status(status), report_id) for status, report_id in rows}
