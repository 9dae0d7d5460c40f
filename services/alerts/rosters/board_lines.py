"""Writes the board's lines about who is on duty, and which alerts are silenced."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.rosters import reports
from services.alerts.rosters.duty import Shift, current_and_next, duty
from shared.auth.role_groups import LEDGER
from shared.postgres.database import Session

SHOWN_AHEAD = timedelta(days=32)  # The time is one day longer than the longest shift.
MOST_ROSTERS = 5  # More lines of rosters would leave too little room for alerts on the board.

DutyLine = tuple[str, Shift | None, Shift | None, list[str]]

router = APIRouter(include_in_schema=False)


@router.get("/duty")
async def duty_line(request: Request, session: Session) -> Response:
    now, roles = datetime.now(UTC), request.scope["principal"].roles
    shown: Response = request.app.state.pages.render(
        request,
        "duty.html",
        lines=await duty_lines(session, now, most=MOST_ROSTERS),
        computed_until=now + SHOWN_AHEAD,
        silences=[silence for silence in await silence_queries.not_ended(session, now) if silence.begins_at <= now],
        places=request.app.state.places,
        may_read_silences=not roles.isdisjoint(LEDGER),
    )
    return shown


async def duty_lines(session: AsyncSession, now: datetime, most: int | None = None) -> list[DutyLine]:
    """The lines also name people who cannot be on duty any more."""
    lines, receivers = [], {receiver.label for receiver in await receiver_queries.receivers(session)}
    receivers -= await disabled_queries.absent(session)
    for roster in (await roster_queries.rosters(session))[:most]:
        overrides = await roster_queries.overrides(session, roster.name, now)
        shifts = duty(roster, overrides, now, now + SHOWN_AHEAD).shifts
        lines.append((roster.name, *current_and_next(shifts, now), reports.missing(roster, overrides, receivers)))
    return lines
