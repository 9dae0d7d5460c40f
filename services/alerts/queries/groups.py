"""The SQL of the counts of groups; the caller commits."""

# raw SQL throughout: every batch of groups waits for these statements

from collections.abc import Collection, Iterable
from dataclasses import fields
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import CountedGroupRow
from services.alerts.projections import CountedGroup
from shared.postgres import database
from shared.postgres.upsert import upsert

_group = TypeAdapter(CountedGroup)
COLUMNS = tuple(field.name for field in fields(CountedGroup))
SELECT_GROUPS = f"SELECT {', '.join(COLUMNS)} FROM counted_groups WHERE group_id = ANY($1)"  # noqa: S608


async def groups(session: AsyncSession, ids: Collection[UUID]) -> dict[UUID, CountedGroup]:
    if not ids:
        return {}
    connection = await database.driver(session)
    rows = await connection.fetch(SELECT_GROUPS, list(ids))
    return {row["group_id"]: _group.validate_python(dict(row)) for row in rows}


async def save_groups(session: AsyncSession, groups: Iterable[CountedGroup]) -> None:
    await upsert(session, CountedGroupRow, [{column: getattr(group, column) for column in COLUMNS} for group in groups])
