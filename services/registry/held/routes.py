"""Routes for the held reports of a team whose phones had an expired sign-in: count and accept these reports."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.registry.held import queries as held
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.postgres.database import Session

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
REASON = "the team was re-admitted"


class HeldOfTeam(BaseModel):
    """The number of undecided reports that are held because the phone's sign-in had expired."""

    count: int


class Accepted(BaseModel):
    """The number of reports to accept. One request accepts at most the oldest thousand reports.

    Within seconds, the worker decides about the reports as if the sign-in had not expired.
    """

    count: int


@router.get("/v1/teams/{team}/held")
async def count(team: UUID, request: Request, session: Session, caller: Caller) -> HeldOfTeam:
    """Count the team's held reports in the caller's areas."""
    visibility = visibility_of(caller, request.app.state.places)
    return HeldOfTeam(count=await held.count_of_team(session, team, visibility))


@router.post("/v1/teams/{team}/held:accept")
async def accept(team: UUID, request: Request, session: Session, caller: Caller) -> Accepted:
    """Accept the reports. A report about another team's household stays held, because a registrar must look at it."""
    oldest = await held.oldest_of_team(session, team, visibility_of(caller, request.app.state.places))
    accepted = {"account": caller.account, "reason": REASON, "is_accepted": True, "is_expiry_only": True}
    outcome_ids = await held.decide(session, oldest, **accepted)
    reason = f"count={len(outcome_ids)}"
    await audit.add(session, audit.entry_of(request, Action.HELD_ACCEPTED, objects=[team], reason=reason))
    return Accepted(count=len(outcome_ids))
