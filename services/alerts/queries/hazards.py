"""SQL for hazards and their revisions. The caller commits."""

# raw SQL throughout: every batch of hazards waits for most of these statements

from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import Hazard
from shared import log
from shared.events import HazardReported
from shared.places import Places
from shared.postgres import database, upsert
from shared.postgres.bulk_copy import columns

# A part of SAVE_HAZARDS, so that one statement stores a hazard together with its revision.
KEEP_REVISIONS = """
INSERT INTO hazard_revisions (hazard_id, revision, report)
SELECT hazard_id, revision, report FROM jsonb_populate_recordset(NULL::hazard_revisions, $1::jsonb)
ON CONFLICT DO NOTHING
"""
SAVE_HAZARDS = f"WITH kept AS ({KEEP_REVISIONS}) {upsert.statement(Hazard, columns(Hazard), newer_by='revision')}"

FIRST_REVISION = """
SELECT report FROM hazard_revisions WHERE hazard_id = $1
ORDER BY (report::jsonb ->> 'received_at')::timestamptz, revision LIMIT 1
"""


async def revisions(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, int]:
    connection = await database.driver(session)
    return dict(await connection.fetch("SELECT hazard_id, revision FROM hazards WHERE hazard_id = ANY($1)", list(ids)))


async def hazard(session: AsyncSession, hazard_id: UUID) -> HazardReported | None:
    connection = await database.driver(session)
    report = await connection.fetchval("SELECT report FROM hazards WHERE hazard_id = $1", hazard_id)
    return None if report is None else HazardReported.model_validate_json(report)


async def hazards(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, HazardReported | None]:
    """An unreadable report gives None, because it must not stop the other hazards."""
    if not ids:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch("SELECT hazard_id, report FROM hazards WHERE hazard_id = ANY($1)", list(ids))
    return {id: _readable(id, report) for id, report in rows}


def _readable(hazard_id: UUID, report: str) -> HazardReported | None:
    try:
        return HazardReported.model_validate_json(report)
    except ValidationError:
        log_unreadable(hazard_id)  # The parsing error is not logged, because the error contains values of the report.
        return None


@lru_cache(maxsize=1000)  # The worker reads the row for each message, but logs each hazard only once.
def log_unreadable(hazard_id: UUID) -> None:
    log.get().error("hazard unreadable", hazard_id=str(hazard_id))


async def save_hazards(
    session: AsyncSession, newest: Iterable[HazardReported], superseded: Iterable[HazardReported], places: Places
) -> None:
    """The revisions may have any order."""
    rows = [
        {
            **revision(hazard),
            "status": hazard.status,
            "areas": places.covered_areas(hazard.area.pcodes),
            "ends_at": max(hazard.onset, hazard.expires or hazard.onset),
            "is_cancelled": hazard.msg_type == "Cancel",
        }
        for hazard in newest
    ]
    connection = await database.driver(session)
    if rows:
        await connection.execute(SAVE_HAZARDS, upsert.parameter(rows))
    if others := [revision(hazard) for hazard in superseded]:
        await connection.execute(KEEP_REVISIONS, upsert.parameter(others))


def revision(hazard: HazardReported) -> dict[str, Any]:
    report = hazard.model_dump_json(exclude_none=True)
    return {"hazard_id": hazard.hazard_id, "revision": hazard.revision, "report": report}


async def hazard_history(session: AsyncSession, hazard_id: UUID) -> list[HazardReported]:
    """Returns at most 200 revisions, from the newest to the oldest."""
    connection = await database.driver(session)
    statement = "SELECT report FROM hazard_revisions WHERE hazard_id = $1 ORDER BY revision DESC LIMIT 200"
    return [HazardReported.model_validate_json(row["report"]) for row in await connection.fetch(statement, hazard_id)]


async def first_pcodes(session: AsyncSession, hazard_id: UUID) -> tuple[str, ...]:
    """Authors choose the revision numbers, so the first report may have any number."""
    connection = await database.driver(session)
    report = await connection.fetchval(FIRST_REVISION, hazard_id)
    return HazardReported.model_validate_json(report).area.pcodes if report else ()
