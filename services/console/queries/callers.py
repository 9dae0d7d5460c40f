"""The people who reported by telephone, and the areas whose operators may read their data."""

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
    """Stores the caller. Only the first author may change a stored caller; returns False for another author."""
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
    """Encrypts the data of all callers with the newest key, and returns the number of changed rows.

    The calling code commits.
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
    """Links each report to its hazard, so that the page of a hazard finds all its callers, not only the latest."""
    rows = [{"report_id": report_id, "hazard_id": hazard_id} for report_id, hazard_id in reports]
    if rows:
        await session.execute(insert(CalledReport).on_conflict_do_nothing(), rows)


async def place_first(session: AsyncSession, reports: Iterable[tuple[UUID, Sequence[str]]]) -> None:
    """Stores the first P-codes of each hazard, which later reports of the hazard do not change."""
    first = {hazard_id: list(pcodes) for hazard_id, pcodes in reversed(list(reports))}
    rows = [{"hazard_id": hazard_id, "pcodes": pcodes} for hazard_id, pcodes in sorted(first.items())]
    if rows:
        await session.execute(insert(FirstArea).on_conflict_do_nothing(), rows)


async def noted(
    session: AsyncSession, hazards: Iterable[UUID], reader: UUID, pcodes: Sequence[str] | None
) -> dict[UUID, tuple[UUID, ...]]:
    """Maps each hazard to reports, the earliest first. Leaves out reports whose caller this reader may not see."""
    wanted = _readable(select(CalledReport.hazard_id, StoredCaller.report_id), reader, pcodes)
    reports: dict[UUID, tuple[UUID, ...]] = {}
    for hazard_id, report_id in await session.execute(
        wanted.where(CalledReport.hazard_id == any_of(hazards, Uuid)).order_by(StoredCaller.noted_at)
    ):
        reports[hazard_id] = (*reports.get(hazard_id, ()), report_id)
    return reports


async def read(session: AsyncSession, report_id: UUID, reader: UUID, pcodes: Sequence[str] | None) -> bytes | None:
    """Reads a caller. Before the answer, the calling code must commit an entry to the security log."""
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
