"""What a re-admitted team's phones sent before: how many such reports are held, and the one act that accepts them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from services.registry import held
from services.registry.models import HeldDecision
from services.registry.visibility import visibility_of
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.messaging import decisions
from shared.postgres.database import Session

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
REASON = "the team was re-admitted"


class HeldOfTeam(BaseModel):
    """Reports that are held because the phone's sign-in had ended, and that nobody has decided yet."""

    count: int


class Accepted(BaseModel):
    """The oldest thousand at most. Each is decided within seconds, as if the sign-in had not ended."""

    count: int


@router.get("/v1/teams/{team}/held")
async def count(team: UUID, request: Request, session: Session, caller: Caller) -> HeldOfTeam:
    """In the caller's areas."""
    visibility = visibility_of(caller, request.app.state.places)
    return HeldOfTeam(count=await held.count_of_team(session, team, visibility))


@router.post("/v1/teams/{team}/held:accept")
async def accept(team: UUID, request: Request, session: Session, caller: Caller) -> Accepted:
    """A report on a household of another team stays held, for a registrar to decide: nobody has looked at it here."""
    outcome_ids = await held.oldest_of_team(session, team, visibility_of(caller, request.app.state.places))
    for outcome_id in outcome_ids:
        decision = HeldDecision(
            outcome_id=outcome_id, account=caller.account, reason=REASON, is_accepted=True, is_expiry_only=True
        )
        await decisions.write(session, decision)
    reason = f"count={len(outcome_ids)}"
    await audit.add(session, audit.entry_of(request, Action.HELD_ACCEPTED, objects=[team], reason=reason))
    return Accepted(count=len(outcome_ids))
