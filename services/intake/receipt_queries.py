"""Queries for the outcomes of reports, from which authors read receipts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.models import StoredReceipt
from shared.postgres.upsert import upsert


async def save(session: AsyncSession, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store the newest outcome of each version. An outcome that a later outcome replaced does not come back."""
    newest: dict[tuple[str, str, int], Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row["settled_at"]):
        newest[row["report_id"], row["author"], row["version"]] = row
    await upsert(session, StoredReceipt, list(newest.values()), newer_by="settled_at")


async def newest_of(session: AsyncSession, author: UUID, report_ids: Collection[UUID]) -> Sequence[StoredReceipt]:
    """For each of the author's reports, the outcome of its highest version."""
    own = select(StoredReceipt).where(StoredReceipt.author == author, StoredReceipt.report_id.in_(report_ids))
    highest = own.ext(distinct_on(StoredReceipt.report_id)).order_by(
        StoredReceipt.report_id, StoredReceipt.version.desc()
    )
    return (await session.scalars(highest)).all()
