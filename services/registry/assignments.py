"""Stores and finds the accounts to which open questions are assigned.

Each table of assignments has the question's id as its primary key.
"""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.models.base import RegistryModel
from shared.postgres.models import table
from shared.postgres.upsert import upsert


async def assignees(session: AsyncSession, model: type[RegistryModel], ids: Collection[UUID]) -> dict[UUID, UUID]:
    assignments = table(model)
    [key] = assignments.primary_key
    rows = await session.execute(select(key.label("id"), assignments.c.account).where(key.in_(ids)))
    return {row.id: row.account for row in rows}


async def assign(
    session: AsyncSession, model: type[RegistryModel], ids: Collection[UUID], *, account: UUID | None, by: UUID
) -> None:
    """If `account` is None, the questions are assigned to nobody."""
    [key] = table(model).primary_key
    await session.execute(delete(model).where(key.in_(ids)))
    if account is not None:
        await upsert(session, model, [{key.name: id, "account": account, "assigned_by": by} for id in ids])
