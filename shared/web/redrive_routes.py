"""The route by which a person lets a service process its dead letters again."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.messaging import decisions, ledger
from shared.messaging.models import Redrive
from shared.postgres.database import Session

MOST = 100
REASON = "redriven on the page of what waits"
# The console is mounted at `/`.
PATHS = {"console": "/console/v1/dead-letters:redrive"}
Caller = Annotated[Principal, Depends(tokens.current)]


class LetterName(Body):
    topic: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    partition: Annotated[int, Field(ge=0, lt=10**9)]
    offset: Annotated[int, Field(ge=-(10**18), lt=10**18)]


class WantedRedrives(Body):
    letters: Annotated[list[LetterName], Field(min_length=1, max_length=MOST)]


class Redriven(BaseModel):
    """The number of letters that are processed again. All other requested letters are no longer dead letters."""

    count: int


def routes(service: str) -> APIRouter:
    router = APIRouter()

    @router.post(PATHS.get(service, "/v1/dead-letters:redrive"))
    async def redrive(wanted: WantedRedrives, request: Request, session: Session, caller: Caller) -> Redriven:
        """Let the service's worker process the messages again, unchanged."""
        known = [letter for letter in wanted.letters if await ledger.dead_letter(session, **letter.model_dump())]
        redrives = [Redrive(**letter.model_dump(), account=caller.account, reason=REASON) for letter in known]
        await decisions.write(session, *redrives)
        await audit.add(session, audit.entry_of(request, Action.REDRIVEN, reason=f"count={len(known)}"))
        return Redriven(count=len(known))

    return router
