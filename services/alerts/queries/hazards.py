"""The SQL of hazards and their revisions; the caller commits."""

# raw SQL throughout: every batch of hazards and households waits for these statements

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.projections import areas_of
from services.alerts.queries.statements import many, upsert
from shared.events import HazardReported
from shared.places import Places
from shared.postgres import database

# The same statement also stores the revision in `hazard_revisions`.
SAVE_HAZARD = f"""
WITH kept AS (
    INSERT INTO hazard_revisions (hazard_id, revision, report) VALUES ($1, $2, $7) ON CONFLICT DO NOTHING
)
{upsert("hazards", ("hazard_id", "revision", "status", "areas", "ends_at", "is_cancelled", "report"))}
WHERE hazards.revision < excluded.revision
"""  # noqa: S608 - our own names
KEEP_REVISION = "INSERT INTO hazard_revisions (hazard_id, revision, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

FIRST_REVISION = """
SELECT report FROM hazard_revisions WHERE hazard_id = $1
ORDER BY (report::jsonb ->> 'received_at')::timestamptz, revision LIMIT 1
"""


async def revisions(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, int]:
    """The newest known revision of each hazard."""
    connection = await database.driver(session)
    return dict(await connection.fetch("SELECT hazard_id, revision FROM hazards WHERE hazard_id = ANY($1)", list(ids)))


async def hazard(session: AsyncSession, hazard_id: UUID) -> HazardReported | None:
    connection = await database.driver(session)
    report = await connection.fetchval("SELECT report FROM hazards WHERE hazard_id = $1", hazard_id)
    return None if report is None else HazardReported.model_validate_json(report)


async def save_hazards(
    session: AsyncSession, newest: Iterable[HazardReported], superseded: Iterable[HazardReported], places: Places
) -> None:
    """Stores the newest revisions with the areas that they cover, and the others, in whatever order they arrive."""
    rows = [
        (
            hazard.hazard_id,
            hazard.revision,
            hazard.status,
            list(areas_of(hazard.area.pcodes, places)),
            max(hazard.onset, hazard.expires or hazard.onset),
            hazard.msg_type == "Cancel",
            hazard.model_dump_json(exclude_none=True),
        )
        for hazard in newest
    ]
    await many(session, SAVE_HAZARD, rows)
    others = [(hazard.hazard_id, hazard.revision, hazard.model_dump_json(exclude_none=True)) for hazard in superseded]
    await many(session, KEEP_REVISION, others)


async def hazard_history(session: AsyncSession, hazard_id: UUID) -> list[HazardReported]:
    """The hazard's revisions, newest first, at most 200."""
    connection = await database.driver(session)
    statement = "SELECT report FROM hazard_revisions WHERE hazard_id = $1 ORDER BY revision DESC LIMIT 200"
    return [HazardReported.model_validate_json(row["report"]) for row in await connection.fetch(statement, hazard_id)]


async def first_pcodes(session: AsyncSession, hazard_id: UUID) -> tuple[str, ...]:
    """The P-codes of the hazard's first report.

    The first report is the one that intake received first, because the author chooses the revision number.
    """
    connection = await database.driver(session)
    report = await connection.fetchval(FIRST_REVISION, hazard_id)
    return HazardReported.model_validate_json(report).area.pcodes if report else ()
