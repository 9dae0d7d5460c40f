"""The latest result of each check of the installation."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import models
from services.console.checks import CheckName, InstallationCheck
from shared.postgres.upsert import upsert


async def record(session: AsyncSession, check: InstallationCheck) -> None:
    """Stores a result. A result without `due_at`, such as a manual backup's, leaves the stored `due_at` unchanged."""
    row = {name: getattr(check, name) for name in ("name", "checked_at", "is_well", "figure", "due_at")}
    await upsert(session, models.StoredCheck, [row], lasting="due_at")


async def known(session: AsyncSession) -> Sequence[InstallationCheck]:
    """Returns the stored results, without the checks that only a later version of Dayar knows."""
    rows = await session.scalars(select(models.StoredCheck).where(models.StoredCheck.name.in_(CheckName)))
    return [InstallationCheck(CheckName(row.name), row.checked_at, row.is_well, row.figure, row.due_at) for row in rows]
