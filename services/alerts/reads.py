"""Writes to the security log that somebody read personal data of an alert."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from shared import audit
from shared.audit import AUDIT, Action, Result
from shared.auth import tokens

AGAIN = "again"  # the query parameter of a page that is open and reads its alert again, perhaps with nobody there
COVERED = timedelta(hours=12)  # the entry of a page's opening covers what the open page reads again within this time


async def log(request: Request, session: AsyncSession, alert_id: UUID, reason: str) -> None:
    """Adds an entry, unless an open page reads the alert again and the entry of its opening is in the log.

    A request alone cannot avoid an entry: with the parameter, the log must have an entry of the same account.
    """
    if AGAIN in request.query_params and await _is_covered(session, tokens.current(request).account, alert_id, reason):
        return
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[alert_id], reason=reason))


async def _is_covered(session: AsyncSession, account: UUID, alert_id: UUID, reason: str) -> bool:
    entry = AUDIT.c
    is_of_reading = (entry.account == account, entry.action == Action.READ, entry.reason == reason)
    is_done = (entry.result == Result.DONE, entry.objects.contains([alert_id]), entry.at > func.now() - COVERED)
    return await session.scalar(select(entry.id).where(*is_of_reading, *is_done).limit(1)) is not None
