"""The routes by which a person lets a service process its dead letters again, or refuses them with a reason."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.events.vocabulary import RefusalReason
from shared.messaging import decisions, ledger
from shared.messaging.models import Redrive
from shared.postgres.database import Session

MOST = 100
REASON, REFUSED = "redriven on the page of what waits", "refused on the page of what waits"
PREFIXES = {"console": "/console"}  # the console is mounted at `/`
Caller = Annotated[Principal, Depends(tokens.current)]


class LetterName(Body):
    topic: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    partition: Annotated[int, Field(ge=0, lt=10**9)]
    offset: Annotated[int, Field(ge=-(10**18), lt=10**18)]


class WantedRedrives(Body):
    letters: Annotated[list[LetterName], Field(min_length=1, max_length=MOST)]


class WantedRefusals(WantedRedrives):
    refusal: RefusalReason


class Redriven(BaseModel):
    """The number of letters that are processed again.

    Requested letters that are not counted are no longer dead letters.
    """

    count: int


class Refused(BaseModel):
    """The number of letters that the worker will refuse.

    Requested letters that are not counted are no longer dead letters.
    """

    count: int


def routes(service: str) -> APIRouter:
    router, prefix = APIRouter(), PREFIXES.get(service, "")

    @router.post(f"{prefix}/v1/dead-letters:redrive")
    async def redrive(wanted: WantedRedrives, request: Request, session: Session, caller: Caller) -> Redriven:
        """Let the service's worker process the messages again, unchanged."""
        known = await decide(session, wanted, account=caller.account, reason=REASON)
        await audit.add(session, audit.entry_of(request, Action.REDRIVEN, reason=f"count={known}"))
        return Redriven(count=known)

    @router.post(f"{prefix}/v1/dead-letters:refuse")
    async def refuse(wanted: WantedRefusals, request: Request, session: Session, caller: Caller) -> Refused:
        """Let the service's worker refuse the messages. The authors of the messages read the reason."""
        known = await decide(session, wanted, account=caller.account, reason=REFUSED, refusal=wanted.refusal)
        reason = f"count={known} {wanted.refusal}"
        await audit.add(session, audit.entry_of(request, Action.LETTERS_REFUSED, reason=reason))
        return Refused(count=known)

    return router


async def decide(session: AsyncSession, wanted: WantedRedrives, **decision: Any) -> int:
    """Stores the decisions, and returns their number. Letters that are no dead letters any more get no decision."""
    letters = [letter.model_dump() for letter in wanted.letters]
    known = [letter for letter in letters if await ledger.dead_letter(session, **letter)]
    await decisions.write(session, *(Redrive(**letter, **decision) for letter in known))
    return len(known)
