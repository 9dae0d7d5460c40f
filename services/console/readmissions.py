"""Readmission of field teams: a duty head lets a team's phones send reports although their sign-ins have expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from services.console.models import Account, ReportOutcome, SignIn
from services.console.sign_in import credentials
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Role
from shared.messaging import outbox
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)

LASTS = timedelta(days=7)  # within this time, each phone of the team can connect, and so renew its sign-in for a year
# From this number of held reports a day, the duty head sees a notice. The reports were held because sign-ins had
# expired.
NOTICED_FROM = 50
DAY = timedelta(hours=24)
IN_FIELD = Account.roles.op("&&")([Role.FIELD.value]), Account.team.is_not(None), Account.disabled_at.is_(None)


@dataclass(frozen=True, slots=True)
class Team:
    team: UUID
    names: list[str]
    ended_phones: int


@router.get("/readmission")
async def readmission_page(request: Request, session: Session, done: UUID | None = None) -> Response:
    return await shown(request, session, datetime.now(UTC), done=done)


@router.post("/readmission")
async def readmit(request: Request, session: Session, team: Annotated[str, Form()] = "") -> Response:
    now = datetime.now(UTC)
    chosen = next((ended.team for ended in await own_teams(request, session, now) if str(ended.team) == team), None)
    if chosen is None:  # the team's accounts were disabled, or got other areas, after the page was opened
        return await shown(request, session, now, status=404, is_refused=True)
    await outbox.add(session, credentials.readmit(chosen, now, now + LASTS))
    await audit.add(session, audit.entry_of(request, Action.RIGHTS_CHANGED, objects=[chosen], reason="readmitted"))
    return RedirectResponse(f"/readmission?done={chosen}", 303)


async def shown(
    request: Request,
    session: AsyncSession,
    now: datetime,
    *,
    done: UUID | None = None,
    is_refused: bool = False,
    status: int = 200,
) -> Response:
    return console(request).pages.render(
        request,
        "readmission.html",
        status=status,
        teams=await own_teams(request, session, now),
        count=await ended_reports(session, now),
        done=done,
        is_refused=is_refused,
    )


async def own_teams(request: Request, session: AsyncSession, now: datetime) -> Sequence[Team]:
    """The field teams whose members all work inside the caller's areas."""
    caller, places = tokens.current(request), console(request).places
    rows = await session.execute(select(Account.team, Account.areas).where(*IN_FIELD))
    others = {team for team, areas in rows if not all(caller.covers(area, places) for area in areas)}
    return [ended for ended in await teams(session, now) if ended.team not in others]


async def teams(session: AsyncSession, now: datetime) -> Sequence[Team]:
    """The team with the most expired phones comes first."""
    ended = SignIn.device.is_not(None) & SignIn.ended_at.is_(None) & (SignIn.expires_at <= now)
    phones = func.count(SignIn.device.distinct()).filter(ended)
    rows = await session.execute(
        select(Account.team, func.array_agg(Account.name.distinct()), phones)
        .outerjoin(SignIn, SignIn.account_id == Account.account_id)
        .where(*IN_FIELD)
        .group_by(Account.team)
        .order_by(phones.desc(), func.min(Account.name))
    )
    return [Team(team, sorted(names), count) for team, names, count in rows if team]


async def ended_reports(session: AsyncSession, now: datetime) -> int:
    wanted = select(func.count()).where(ReportOutcome.reason == "expired_token", ReportOutcome.settled_at > now - DAY)
    return await session.scalar(wanted) or 0
