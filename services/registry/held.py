"""Queries for held reports, which wait for a person, and their clear fields."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.decisions import Held
from services.registry.visibility import Visibility, is_within
from shared import audit
from shared.audit import Action, Entry

# Reasons for which a person may accept. For other reasons another version took effect: the author sends a correction.
ACCEPTABLE = frozenset({Held.WAITING, Held.NOT_AUTHOR, Held.EXPIRED_TOKEN, Held.REVOKED})

MOST = 1000  # reports of a team that one request accepts

HELD = """
SELECT outcome_id, report_id, version, kind, subject_id, author, team, channel, received_at, flags, reports.status,
    reason, clear,
    (SELECT decided_at FROM held_decisions AS decided WHERE decided.outcome_id = reports.outcome_id
     AND carried_out_at IS NULL LIMIT 1) AS decided_at
FROM reports WHERE outcome = 'held'
"""
OLDEST = text(f"{HELD} ORDER BY received_at LIMIT :limit")
# As for a household: the reported destination, or else the origin.
PCODE = "coalesce(CAST(clear AS json) #>> '{destination,pcode}', CAST(clear AS json) #>> '{origin,pcode}')"
OF_ENDED_SIGN_INS = f"""
FROM reports WHERE outcome = 'held' AND reason = '{Held.EXPIRED_TOKEN}' AND team = :team AND NOT EXISTS (
    SELECT FROM held_decisions AS decided WHERE decided.outcome_id = reports.outcome_id AND carried_out_at IS NULL
) AND {is_within(PCODE, "pcodes")}
"""
COUNT_OF_TEAM = text(f"SELECT count(*) {OF_ENDED_SIGN_INS}")
OLDEST_OF_TEAM = text(f"SELECT outcome_id {OF_ENDED_SIGN_INS} ORDER BY received_at LIMIT {MOST}")
ONE = text(f"{HELD} AND outcome_id = :outcome_id")
NAMED = text("SELECT kind, subject_id, report_id FROM reports WHERE outcome_id = :outcome_id AND outcome = 'held'")


async def oldest(session: AsyncSession, *, limit: int) -> Sequence[RowMapping]:
    return (await session.execute(OLDEST, {"limit": limit})).mappings().all()


async def count_of_team(session: AsyncSession, team: UUID, visibility: Visibility) -> int:
    """The number of undecided reports that the team's phones sent with an expired sign-in."""
    return await session.scalar(COUNT_OF_TEAM, {"team": team, **visibility.parameters()}) or 0


async def oldest_of_team(session: AsyncSession, team: UUID, visibility: Visibility) -> Sequence[UUID]:
    """Outcome ids of these reports, oldest first, as many as one request accepts."""
    return (await session.scalars(OLDEST_OF_TEAM, {"team": team, **visibility.parameters()})).all()


async def one(session: AsyncSession, outcome_id: UUID) -> RowMapping | None:
    return (await session.execute(ONE, {"outcome_id": outcome_id})).mappings().one_or_none()


async def named(session: AsyncSession, outcome_id: UUID) -> tuple[Any, ...] | None:
    """Kind, household or group id, and report id of the report held by this outcome."""
    row = (await session.execute(NAMED, {"outcome_id": outcome_id})).one_or_none()
    return None if row is None else tuple(row)


async def note_read(session: AsyncSession, account: UUID, subject_id: UUID) -> None:
    """Write the audit entry in the read's transaction. At the terminal there is an account but no token."""
    await audit.add(session, Entry(action=Action.READ, account=account, subject="held report", objects=[subject_id]))
