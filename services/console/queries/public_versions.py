"""Stores the public version of a hazard that became restricted, and the times of its restricted revisions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import BoardHazard, BoardRelease, BoardRevision
from services.console.queries import board
from services.console.queries.board import Numbered
from shared.events.vocabulary import OutcomeKind, Scope
from shared.messaging.records import Outcome
from shared.postgres.arrays import any_of


async def keep_replaced(session: AsyncSession, hazards: Sequence[Numbered]) -> None:
    """Copies the Public revision of a hazard before a restricted revision replaces the hazard's row.

    Readers of the public topic still have the Public revision, and the copy lets a person withdraw it.

    The rows are locked, because another worker may store a newer Public revision at the same time. Every worker locks
    the hazards in the same order, and then the releases, so that two workers cannot deadlock.
    """
    restricted = {str(row["hazard_id"]) for _, row in hazards if row["scope"] != Scope.PUBLIC}
    if not restricted:
        return
    stored = select(BoardHazard.__table__).where(BoardHazard.hazard_id.in_({row["hazard_id"] for _, row in hazards}))
    rows = await session.execute(stored.order_by(BoardHazard.hazard_id).with_for_update())
    public = [
        as_release(dict(row))
        for row in rows.mappings()
        if row["scope"] == Scope.PUBLIC and str(row["hazard_id"]) in restricted
    ]
    await board.keep_newest(session, board.RELEASES, [(0, row) for row in public])


async def keep_late(session: AsyncSession, hazards: Sequence[Numbered], outcomes: Sequence[Outcome]) -> None:
    """Stores Public revisions that arrived after a newer revision of the same hazard.

    If the newer revision is restricted, the public reads the newest Public revision, even a late one.
    """
    late = [
        (number, as_release(row))
        for number, row in hazards
        if row["scope"] == Scope.PUBLIC and outcomes[number].kind is not OutcomeKind.RECORDED
    ]
    await board.keep_newest(session, board.RELEASES, late)


def as_release(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "released_revision": row["revision"]}


async def note_restricted(session: AsyncSession, hazards: Sequence[Numbered]) -> None:
    rows = [
        {
            "hazard_id": row["hazard_id"],
            "revision": row["revision"],
            "received_at": datetime.fromisoformat(row["received_at"]),
        }
        for _, row in hazards
        if row["scope"] != Scope.PUBLIC
    ]
    if rows:
        await session.execute(insert(BoardRevision).on_conflict_do_nothing(), rows)


async def unreleased_since(session: AsyncSession, hazards: Collection[UUID]) -> dict[UUID, datetime]:
    """Maps each hazard with unreleased revisions to the time when the first of these revisions arrived."""
    is_newer = BoardRevision.revision > func.coalesce(BoardRelease.released_revision, -1)
    rows = await session.execute(
        select(BoardRevision.hazard_id, func.min(BoardRevision.received_at))
        .outerjoin(BoardRelease, BoardRelease.hazard_id == BoardRevision.hazard_id)
        .where(BoardRevision.hazard_id == any_of(hazards, Uuid), is_newer)
        .group_by(BoardRevision.hazard_id)
    )
    return dict(rows.all())
