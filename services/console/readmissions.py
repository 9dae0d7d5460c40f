"""Readmission: a duty head lets a field team's phones send reports again after their sign-ins have expired."""

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

LASTS = timedelta(days=7)  # a phone that connects in this time renews its sign-in for a year
# The duty head sees a notice if at least this many reports a day were held because of expired sign-ins.
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
    if chosen is None:  # since the page was opened, the team was disabled or got other areas
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
    """Returns the field teams whose members all work in the caller's areas only."""
    caller, places = tokens.current(request), console(request).places
    rows = await session.execute(select(Account.team, Account.areas).where(*IN_FIELD))
    others = {team for team, areas in rows if not all(caller.covers(area, places) for area in areas)}
    return [ended for ended in await teams(session, now) if ended.team not in others]


async def teams(session: AsyncSession, now: datetime) -> Sequence[Team]:
    """Returns the field teams, those with most expired phones first."""
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
