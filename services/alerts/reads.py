"""Writes to the security log who read personal data of an alert."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request

from services.alerts.acts.acts import ActKind
from services.alerts.models import Act
from shared import audit
from shared.audit import AUDIT, Action, Result
from shared.auth import tokens

AGAIN = "again"  # An open page reloads its alert with this query parameter, even if nobody looks at the page.
COVERED = timedelta(hours=12)  # For this time, the log entry about opening a page also covers its reloads.


async def log(request: Request, session: AsyncSession, alert_id: UUID, reason: str) -> None:
    """If an open page only reloads its alert, the log gets no new entry.

    The query parameter alone is not enough: the log must already have an entry for this token. A reload adds an entry
    only if somebody has since added personal data of the alert, or changed a duty number.
    """
    if AGAIN in request.query_params and await _is_covered(session, tokens.current(request).jti, alert_id, reason):
        return
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[alert_id], reason=reason))


async def _is_covered(session: AsyncSession, token: UUID, alert_id: UUID, reason: str) -> bool:
    entry, later = AUDIT.c, AUDIT.alias().c
    is_personal = or_(Act.behalf_note.is_not(None), Act.deed == ActKind.CALLED)
    is_of_reading = (entry.token == token, entry.action == Action.READ, entry.reason == reason)
    is_done = (entry.result == Result.DONE, entry.objects.contains([alert_id]), entry.at > func.now() - COVERED)
    is_newest = (
        ~exists().where(Act.alert_id == alert_id, is_personal, Act.acted_at >= entry.at),
        ~exists().where(later.action == Action.DUTY_NUMBERS_CHANGED, later.at >= entry.at),
    )
    covering = select(entry.id).where(*is_of_reading, *is_done, *is_newest).limit(1)
    return await session.scalar(covering) is not None
