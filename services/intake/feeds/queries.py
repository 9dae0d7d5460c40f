"""Queries for the stored state of feeds, which run in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.feeds.decisions import Known
from services.intake.feeds.items import ItemKind, Unreadable
from services.intake.models import Feed, FeedAlias, FeedCount, FeedHazard, FeedSetAside
from shared.events import HazardReported
from shared.postgres import database
from shared.postgres.arrays import any_of
from shared.postgres.upsert import upsert

MS = 1000


async def lock(session: AsyncSession, source: str) -> None:
    """Lock the source until the end of the transaction.

    Without the lock, two processes could publish the same new hazard.
    """
    await session.execute(database.advisory_lock(f"feed {source}"))


async def aliases_of(session: AsyncSession, source: str, names: Iterable[str]) -> dict[str, UUID]:
    named = select(FeedAlias.hazard_id).where(FeedAlias.source == source, FeedAlias.alias == any_of(names, Text))
    query = select(FeedAlias.alias, FeedAlias.hazard_id).where(FeedAlias.hazard_id.in_(named)).order_by(FeedAlias.alias)
    return {row.alias: row.hazard_id for row in await session.execute(query)}


async def known(session: AsyncSession, hazard_ids: Iterable[UUID]) -> dict[UUID, Known]:
    query = select(FeedHazard).where(FeedHazard.hazard_id == any_of(hazard_ids, Uuid))
    return {row.hazard_id: _known(row) for row in await session.scalars(query)}


async def save_hazards(session: AsyncSession, hazards: Iterable[Known]) -> None:
    rows = [
        {
            "hazard_id": known.hazard_id,
            "source": known.event.source,
            "updated_ms": known.updated_ms,
            "preferred": known.preferred,
            "is_cancelled": known.is_cancelled,
            "event": known.event.model_dump(mode="json"),
        }
        for known in hazards
    ]
    await upsert(session, FeedHazard, rows, changed=("updated_ms", "preferred", "is_cancelled", "event"))


async def save_aliases(session: AsyncSession, source: str, aliases: Mapping[str, UUID]) -> None:
    rows = [{"source": source, "alias": alias, "hazard_id": hazard_id} for alias, hazard_id in aliases.items()]
    await upsert(session, FeedAlias, rows)


async def save_set_aside(session: AsyncSession, feed: str, entries: Sequence[Unreadable], now: datetime) -> None:
    rows = {
        entry.name: {
            "feed": feed,
            "name": entry.name,
            "reason": entry.reason,
            "pointer": entry.pointer,
            "content": entry.content,
            "first_at": now,
            "last_at": now,
        }
        for entry in entries
    }
    await upsert(session, FeedSetAside, list(rows.values()), changed=("reason", "pointer", "content", "last_at"))


async def save_reading(
    session: AsyncSession, feed: str, source: str, *, etag: str | None, counts: Mapping[ItemKind, int], now: datetime
) -> None:
    """Store the state after a reading. The caller stores the events in the same transaction."""
    row = {"name": feed, "source": source, "etag": etag, "read_at": now, "failure": None, "failures": 0}
    await upsert(session, Feed, [row], changed=("etag", "read_at", "failure", "failures"))
    rows = [
        {"feed": feed, "kind": kind, "total": counts.get(kind, 0), "last": counts.get(kind, 0)} for kind in ItemKind
    ]
    await upsert(session, FeedCount, rows, added=("total",))


async def save_unchanged_document(session: AsyncSession, feed: str, source: str, now: datetime) -> None:
    row = {"name": feed, "source": source, "read_at": now, "failure": None, "failures": 0}
    await upsert(session, Feed, [row], changed=("read_at", "failure", "failures"))


async def save_failure(session: AsyncSession, feed: str, source: str, *, reason: str, now: datetime) -> int:
    """Store a failed reading. Return the number of consecutive failures."""
    statement = insert(Feed).values(name=feed, source=source, failed_at=now, failure=reason, failures=1)
    changed = {"failed_at": now, "failure": reason, "failures": Feed.failures + 1}
    done = statement.on_conflict_do_update(index_elements=["name"], set_=changed).returning(Feed.failures)
    return (await session.execute(done)).scalar_one()


async def etag(session: AsyncSession, feed: str) -> str | None:
    return await session.scalar(select(Feed.etag).where(Feed.name == feed))


async def feeds(session: AsyncSession) -> Sequence[Feed]:
    return (await session.scalars(select(Feed).order_by(Feed.name))).all()


async def newest_entries(session: AsyncSession) -> dict[str, datetime]:
    """Maps each source to the time when the source last changed a published hazard."""
    newest = select(FeedHazard.source, func.max(FeedHazard.updated_ms).label("ms")).group_by(FeedHazard.source)
    rows = await session.execute(newest)
    return {row.source: datetime.fromtimestamp(row.ms / MS, UTC) for row in rows}


async def counts(session: AsyncSession) -> Sequence[FeedCount]:
    return (await session.scalars(select(FeedCount).order_by(FeedCount.feed, FeedCount.kind))).all()


async def set_aside(session: AsyncSession, limit: int = 100) -> Sequence[FeedSetAside]:
    query = select(FeedSetAside).order_by(FeedSetAside.last_at.desc(), FeedSetAside.name).limit(limit)
    return (await session.scalars(query)).all()


async def totals(session: AsyncSession) -> list[tuple[str, str, int]]:
    query = (
        select(Feed.source, FeedCount.kind, func.sum(FeedCount.total))
        .join(Feed, Feed.name == FeedCount.feed)
        .group_by(Feed.source, FeedCount.kind)
    )
    return [(source, kind, int(total)) for source, kind, total in await session.execute(query)]


def _known(row: FeedHazard) -> Known:
    return Known(HazardReported.model_validate(row.event), row.updated_ms, row.preferred, row.is_cancelled)
