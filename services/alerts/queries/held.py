"""SQL for people in held reports. The caller commits."""

# raw SQL throughout: these statements run for every batch of households and must be fast

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import HeldPeopleRow
from services.alerts.projections import HeldPeople, HeldSubject
from shared.postgres import database
from shared.postgres.upsert import upsert

_held = TypeAdapter(HeldPeople)
COLUMNS = tuple(field.name for field in fields(HeldPeople))
SELECT_HELD = f"SELECT {', '.join(COLUMNS)} FROM held_people"  # noqa: S608
FORGET_ENDED = "DELETE FROM held_people WHERE NOT is_counted AND changed_at < $1"


async def held_people(session: AsyncSession, subject_ids: Collection[UUID]) -> dict[HeldSubject, HeldPeople]:
    """Includes households and groups whose hold has ended."""
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_HELD} WHERE subject_id = ANY($1)", list(subject_ids))
    held = [_held.validate_python(dict(row)) for row in rows]
    return {people.subject: people for people in held}


async def held_in_stocks(session: AsyncSession, stock_ids: Collection[UUID]) -> list[HeldPeople]:
    if not stock_ids:
        return []
    connection = await database.driver(session)
    rows = await connection.fetch(f"{SELECT_HELD} WHERE stock_id = ANY($1) AND is_counted", list(stock_ids))
    return [_held.validate_python(dict(row)) for row in rows]


async def save_held(session: AsyncSession, held: Iterable[HeldPeople], now: datetime) -> None:
    rows = [{**{column: getattr(people, column) for column in COLUMNS}, "changed_at": now} for people in held]
    await upsert(session, HeldPeopleRow, rows)


async def forget_ended(session: AsyncSession, before: datetime) -> None:
    """Deletes only holds that ended before `before`. Rows of newer holds show which late events are outdated."""
    connection = await database.driver(session)
    await connection.execute(FORGET_ENDED, before)
