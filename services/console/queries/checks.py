"""The latest result of each check of the installation."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import models
from services.console.checks import CheckName, InstallationCheck


async def record(session: AsyncSession, check: InstallationCheck) -> None:
    """Stores the result. Without a new `due_at` the stored one stays, so that a manual backup keeps the schedule."""
    table = models.StoredCheck
    row = {name: getattr(check, name) for name in ("name", "checked_at", "is_well", "figure", "due_at")}
    new = insert(table).values(**row)
    kept = {name: new.excluded[name] for name in ("checked_at", "is_well", "figure")}
    due = func.coalesce(new.excluded.due_at, table.due_at)
    await session.execute(new.on_conflict_do_update(index_elements=[table.name], set_={**kept, "due_at": due}))


async def known(session: AsyncSession) -> Sequence[InstallationCheck]:
    rows = await session.scalars(select(models.StoredCheck))
    return [InstallationCheck(CheckName(row.name), row.checked_at, row.is_well, row.figure, row.due_at) for row in rows]
