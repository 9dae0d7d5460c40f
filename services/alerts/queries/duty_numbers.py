"""SQL for duty numbers. The caller commits."""

from collections.abc import Collection
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.duty_numbers import duty_numbers
from services.alerts.duty_numbers.duty_numbers import DutyNumber, DutyPlace, DutyService
from services.alerts.duty_numbers.imports import ImportPlan
from services.alerts.models import DutyNumberRow
from services.alerts.queries import locks, rows
from services.alerts.receivers.secrets import WebhookSecrets
from shared import log
from shared.crypto.keyring import UnknownKey


async def lock(session: AsyncSession) -> None:
    """Waits for other transactions that change duty numbers, so that the caller reads their changes."""
    await locks.lock(session, {("duty-numbers", "")})


async def numbers(
    session: AsyncSession, box: WebhookSecrets, *, pcodes: Collection[str] | None = None
) -> list[DutyNumber]:
    """If the caller shows the numbers, the caller must write to the security log."""
    return [number_of(row, box) for row in await session.scalars(_of_units(pcodes))]


async def readable(
    session: AsyncSession, box: WebhookSecrets, *, pcodes: Collection[str] | None, limit: int
) -> tuple[list[DutyNumber], int]:
    """Leaves out numbers that cannot be decrypted, because the alert must be shown anyway.

    The second result is how many were left out.

    If the caller shows the numbers, the caller must write to the security log.
    """
    known, unreadable = list[DutyNumber](), list[Exception]()
    for row in await session.scalars(_of_units(pcodes, limit)):
        try:
            known.append(number_of(row, box))
        except (InvalidTag, UnknownKey) as error:
            unreadable.append(error)
    if unreadable:
        log.get().error("duty numbers unreadable", count=len(unreadable), **log.described(unreadable[0]))
    return known, len(unreadable)


def _of_units(pcodes: Collection[str] | None, limit: int | None = None) -> Select[DutyNumberRow]:
    wanted = select(DutyNumberRow).order_by(DutyNumberRow.pcode, DutyNumberRow.position).limit(limit)
    return wanted if pcodes is None else wanted.where(DutyNumberRow.pcode.in_(pcodes))


async def number(session: AsyncSession, number_id: UUID, box: WebhookSecrets) -> DutyNumber | None:
    row = await session.get(DutyNumberRow, number_id)
    return None if row is None else number_of(row, box)


async def counts(session: AsyncSession) -> dict[str, int]:
    counted = select(DutyNumberRow.pcode, func.count()).group_by(DutyNumberRow.pcode)
    return {row.pcode: row[1] for row in await session.execute(counted)}


async def store(session: AsyncSession, plan: ImportPlan, box: WebhookSecrets) -> None:
    """Expects a plan without refused rows."""
    await remove(session, [number.number_id for number in plan.removed])
    await save(session, plan.saved, box)


async def save(session: AsyncSession, numbers: Collection[DutyNumber], box: WebhookSecrets) -> None:
    await remove(session, [number.number_id for number in numbers])
    stored = [
        {
            "number_id": number.number_id,
            "pcode": number.place.pcode,
            "locality": number.place.locality,
            "locality_pcode": number.place.locality_pcode,
            "service": str(number.service),
            "position": number.position,
            "sealed": duty_numbers.sealed(number.contact, number.number_id, box),
        }
        for number in numbers
    ]
    if stored:
        await session.execute(insert(DutyNumberRow), stored)


async def remove(session: AsyncSession, number_ids: Collection[UUID]) -> None:
    await session.execute(delete(DutyNumberRow).where(DutyNumberRow.number_id.in_(number_ids)))


def number_of(row: DutyNumberRow, box: WebhookSecrets) -> DutyNumber:
    contact = duty_numbers.opened(row.sealed, row.number_id, box)
    place = DutyPlace(row.pcode, row.locality, row.locality_pcode)
    return DutyNumber(row.number_id, place, rows.code(DutyService, row.service), contact, row.position)
