"""The line of the board that says who is on duty."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.alerts.queries import rosters as roster_queries
from services.alerts.rosters.duty import current_and_next, duty
from shared.postgres.database import Session

SHOWN_AHEAD = timedelta(days=32)  # the longest shift lasts 31 days
MOST_ROSTERS = 5  # more would take the board's space from alerts

router = APIRouter(include_in_schema=False)


@router.get("/duty")
async def duty_line(request: Request, session: Session) -> Response:
    now = datetime.now(UTC)
    lines = []
    for roster in (await roster_queries.rosters(session))[:MOST_ROSTERS]:
        overrides = await roster_queries.overrides(session, roster.name, now)
        shifts = duty(roster, overrides, now, now + SHOWN_AHEAD).shifts
        lines.append((roster.name, *current_and_next(shifts, now)))
    shown: Response = request.app.state.pages.render(
        request, "duty.html", lines=lines, computed_until=now + SHOWN_AHEAD
    )
    return shown
