"""What a re-admitted team's phones sent before: how many such reports are held, and the one act that accepts them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from pydantic_core import from_json
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry import held
from services.registry.models import HeldDecision
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.messaging import decisions
from shared.places import Places
from shared.postgres.database import Session

router = APIRouter()
Caller = Annotated[Principal, Depends(tokens.current)]
REASON = "the team was re-admitted"


class HeldOfTeam(BaseModel):
    """Reports that are held because the phone's sign-in had ended, and that nobody has decided yet; at most a thousand."""

    count: int


class Accepted(BaseModel):
    """Each takes effect within seconds."""

    count: int


@router.get("/v1/teams/{team}/held")
async def count(team: UUID, request: Request, session: Session, caller: Caller) -> HeldOfTeam:
    """In the caller's areas."""
    return HeldOfTeam(count=len(await of_team(team, session, caller, request.app.state.places)))


@router.post("/v1/teams/{team}/held:accept")
async def accept(team: UUID, request: Request, session: Session, caller: Caller) -> Accepted:
    """Each as `dayar held accept` does it, under the caller's name."""
    found = await of_team(team, session, caller, request.app.state.places)
    for outcome_id in found:
        decision = HeldDecision(outcome_id=outcome_id, account=caller.account, reason=REASON, is_accepted=True)
        await decisions.write(session, decision)
    return Accepted(count=len(found))


async def of_team(team: UUID, session: AsyncSession, caller: Principal, places: Places) -> list[UUID]:
    """As with a household: whose areas hold where the report says that it is now, or where it came from."""
    rows = await held.of_ended_sign_ins(session, team)
    return [row["outcome_id"] for row in rows if is_covered(from_json(row["clear"]), caller, places)]


def is_covered(clear: dict[str, dict[str, str]], caller: Principal, places: Places) -> bool:
    pcode = clear["destination"].get("pcode") or clear["origin"].get("pcode")
    return caller.covers_country or (pcode is not None and caller.covers(pcode, places))
