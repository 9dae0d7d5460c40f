"""Queries for the people to whom dead letters are assigned."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import LetterAssignment
from shared.postgres.upsert import upsert

Kind = tuple[str, str, str]  # service, topic and reason of dead letters


async def assignments(session: AsyncSession) -> Sequence[LetterAssignment]:
    return (await session.scalars(select(LetterAssignment))).all()


async def assign(session: AsyncSession, kind: Kind, *, account: UUID | None, by: UUID) -> None:
    """Assigns the dead letters of a kind to an account, or to nobody if `account` is None."""
    row = dict(zip(("service", "topic", "reason"), kind, strict=True))
    if account is None:
        await session.execute(delete(LetterAssignment).filter_by(**row))
    else:
        await upsert(session, LetterAssignment, [{**row, "account": account, "assigned_by": by}])
