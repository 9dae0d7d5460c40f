"""Callers who reported by telephone, and the areas whose operators may read the callers' data."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.hazards.callers import Callers
from services.console.models import CalledReport, FirstArea, StoredCaller
from shared.postgres.arrays import any_of


async def keep(session: AsyncSession, report_id: UUID, author: UUID, sealed: bytes) -> bool:
    """Only the author may change a stored caller."""
    rows = await session.scalars(
        insert(StoredCaller)
        .values(report_id=report_id, author=author, sealed=sealed)
        .on_conflict_do_update(
            index_elements=[StoredCaller.report_id], set_={"sealed": sealed}, where=StoredCaller.author == author
        )
        .returning(StoredCaller.report_id)
    )
    return rows.one_or_none() is not None


async def reseal(session: AsyncSession, callers: Callers) -> int:
    """Encrypts the data of every caller with the newest key.

    Returns how many callers changed. The calling code commits.
    """
    old = func.substr(StoredCaller.sealed, 1, len(callers.newest_id)) != callers.newest_id
    rows = (
        await session.execute(select(StoredCaller.report_id, StoredCaller.sealed).where(old).with_for_update())
    ).all()
    count = 0
    for report_id, sealed in rows:
        if (new := callers.resealed(sealed, report_id)) is not None:
            await session.execute(update(StoredCaller).where(StoredCaller.report_id == report_id).values(sealed=new))
            count += 1
    return count


async def sealed_by(session: AsyncSession, key_id: str) -> int:
    own = func.substr(StoredCaller.sealed, 1, len(key_id)) == key_id.encode()
    return int(await session.scalar(select(func.count()).select_from(StoredCaller).where(own)) or 0)


async def tie(session: AsyncSession, reports: Iterable[tuple[UUID, UUID]]) -> None:
    """All callers of a hazard must be found, and not only the latest."""
    rows = [{"report_id": report_id, "hazard_id": hazard_id} for report_id, hazard_id in reports]
    if rows:
        await session.execute(insert(CalledReport).on_conflict_do_nothing(), rows)


async def place_first(session: AsyncSession, reports: Iterable[tuple[UUID, Sequence[str]]]) -> None:
    """Later reports about a hazard do not change its first P-codes."""
    first = {hazard_id: list(pcodes) for hazard_id, pcodes in reversed(list(reports))}
    rows = [{"hazard_id": hazard_id, "pcodes": pcodes} for hazard_id, pcodes in sorted(first.items())]
    if rows:
        await session.execute(insert(FirstArea).on_conflict_do_nothing(), rows)


async def noted(
    session: AsyncSession, hazards: Iterable[UUID], reader: UUID, pcodes: Sequence[str] | None
) -> dict[UUID, tuple[UUID, ...]]:
    """Maps each hazard to the reports whose callers this reader may see, the earliest report first."""
    wanted = _readable(select(CalledReport.hazard_id, StoredCaller.report_id), reader, pcodes)
    reports: dict[UUID, tuple[UUID, ...]] = {}
    for hazard_id, report_id in await session.execute(
        wanted.where(CalledReport.hazard_id == any_of(hazards, Uuid)).order_by(StoredCaller.noted_at)
    ):
        reports[hazard_id] = (*reports.get(hazard_id, ()), report_id)
    return reports


async def read(session: AsyncSession, report_id: UUID, reader: UUID, pcodes: Sequence[str] | None) -> bytes | None:
    """The calling code must write the read to the security log, and commit, before it answers."""
    sealed: bytes | None = await session.scalar(
        _readable(select(StoredCaller.sealed), reader, pcodes).where(StoredCaller.report_id == report_id)
    )
    return sealed


def _readable(wanted: Any, reader: UUID, pcodes: Sequence[str] | None) -> Any:
    joined = (
        wanted.select_from(StoredCaller)
        .outerjoin(CalledReport, CalledReport.report_id == StoredCaller.report_id)
        .outerjoin(FirstArea, FirstArea.hazard_id == CalledReport.hazard_id)
    )
    if pcodes is None:
        return joined
    return joined.where(or_(StoredCaller.author == reader, FirstArea.pcodes.op("&&")(list(pcodes))))
