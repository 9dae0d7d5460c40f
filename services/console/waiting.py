"""The page of all tasks that wait for a person. The browser asks the services, and the console adds the names."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.console.models import Account
from services.console.queries import accounts, letters
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.role_groups import COUNTERS, DECIDERS, LEDGER, REDRIVERS
from shared.auth.tokens import Principal
from shared.events.fields import Body
from shared.events.vocabulary import RefusalReason
from shared.pages import language_of
from shared.places import Places
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)
api = APIRouter()
MOST = 500


class WantedNames(Body):
    accounts: Annotated[list[UUID], Field(max_length=MOST)]


class AssignedLetters(Body):
    """The dead letters of one service, topic and reason, and the person to whom they are assigned."""

    service: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
    topic: Annotated[str, Field(pattern=r"^[a-z-]{1,40}$")]
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,60}$")]
    account: UUID | None


class LetterAssignments(BaseModel):
    assignments: list[AssignedLetters]


class Names(BaseModel):
    """The names of accounts, by id. Unknown accounts are left out."""

    names: dict[UUID, str]


@router.get("/waiting")
async def waiting_page(request: Request, session: Session) -> Response:
    here, caller = console(request), tokens.current(request)
    roles = caller.roles
    everyone = await accounts.everyone(session)
    return here.pages.render(
        request,
        "waiting.html",
        places=here.places.options(language_of(request)),
        deciders=deciders(everyone, caller, here.places),
        redrivers=[account for account in everyone if is_active(account) and not REDRIVERS.isdisjoint(account.roles)],
        refusals=list(RefusalReason),
        sees_held=not roles.isdisjoint(COUNTERS),
        may_decide=not roles.isdisjoint(DECIDERS),
        sees_letters=not roles.isdisjoint(LEDGER),
        may_redrive=not roles.isdisjoint(REDRIVERS),
    )


@api.post("/v1/accounts:names")
async def names(wanted: WantedNames, session: Session) -> Names:
    """The names of the accounts that the page asks for, so that no page gets the names of all accounts."""
    return Names(names=await accounts.names(session, wanted.accounts))


@api.get("/v1/letters:assignments")
async def letter_assignments(session: Session) -> LetterAssignments:
    rows = await letters.assignments(session)
    return LetterAssignments(assignments=[AssignedLetters.model_validate(row, from_attributes=True) for row in rows])


@api.put("/v1/letters:assignments", status_code=204)
async def assign_letters(body: AssignedLetters, request: Request, session: Session) -> None:
    """Assign the dead letters of one reason to a person, or to nobody."""
    kind = body.service, body.topic, body.reason
    await letters.assign(session, kind, account=body.account, by=tokens.current(request).account)
    reason = "/".join((*kind, str(body.account or "nobody")))
    await audit.add(session, audit.entry_of(request, Action.LETTERS_ASSIGNED, reason=reason))


def deciders(everyone: Sequence[Account], caller: Principal, places: Places) -> list[Account]:
    """Returns the accounts that may decide in the caller's areas, or in a part of them."""
    return [
        account
        for account in everyone
        if is_active(account)
        and not DECIDERS.isdisjoint(account.roles)
        and (caller.covers_country or any(places.concerns(account.areas, area) for area in caller.areas))
    ]


def is_active(account: Account) -> bool:
    return account.disabled_at is None
