"""SQL for `hazard_changes`, which lists hazards whose exposures must be counted anew. The caller commits."""

# raw SQL throughout: the task that counts exposures takes the changes every second

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.counts import MANY
from shared.postgres import database

# SKIP LOCKED gives concurrent workers different rows.
TAKE = """
WITH taken AS (
    DELETE FROM hazard_changes
    WHERE id IN (SELECT id FROM hazard_changes ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING hazard_id
)
SELECT hazard_id, areas || ARRAY(SELECT area FROM exposures WHERE exposures.hazard_id = hazards.hazard_id) AS areas
FROM hazards WHERE hazard_id IN (SELECT hazard_id FROM taken)
"""
ADD_ALL = """
INSERT INTO hazard_changes (hazard_id) SELECT hazard_id FROM hazards
WHERE ends_at > $1 AND NOT is_cancelled ORDER BY ends_at
"""
ADD_WITHOUT_DISTRICTS = """
INSERT INTO hazard_changes (hazard_id) SELECT hazard_id FROM hazards
WHERE ends_at > $1 AND NOT is_cancelled AND areas = '{}' ORDER BY ends_at
"""


async def add_all(session: AsyncSession, since: datetime) -> None:
    """Leaves out cancelled hazards, and hazards that ended before `since`."""
    connection = await database.driver(session)
    await connection.execute(ADD_ALL, since)


async def add_without_districts(session: AsyncSession, since: datetime) -> None:
    """Adds hazards without districts, because a new site may show which district they reach."""
    connection = await database.driver(session)
    await connection.execute(ADD_WITHOUT_DISTRICTS, since)


async def add(session: AsyncSession, hazard_ids: Iterable[UUID]) -> None:
    """Marks hazards. The task in `exposures.py` later recounts the exposures of the marked hazards."""
    connection = await database.driver(session)
    rows = [(hazard_id,) for hazard_id in hazard_ids]
    await connection.executemany("INSERT INTO hazard_changes (hazard_id) VALUES ($1)", rows)


async def take(session: AsyncSession) -> dict[UUID, list[str]]:
    """Takes up to 25 hazards, and returns the districts of each.

    The districts of a hazard are those that it covers now or covered before.
    """
    connection = await database.driver(session)
    return dict(await connection.fetch(TAKE, MANY))
