"""Adds a command's changes to the security log, as pages do."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from cli import environment
from shared import audit
from shared.audit import Action, Entry


async def note(
    session: AsyncSession,
    action: Action,
    command: str,
    objects: Sequence[UUID] = (),
    *,
    reason: str | None = None,
    account: UUID | None = None,
) -> None:
    """Add an entry in the transaction of the change. Without the option `--by`, the entry names no account."""
    entry = Entry(
        action=action,
        account=account,
        address=environment.terminal(),
        subject=command,
        objects=objects,
        reason=reason,
    )
    await audit.add(session, entry)
