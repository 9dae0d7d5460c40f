"""The page of everything that waits for a person. The browser calls the services; the console adds names."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.console.models import Account
from services.console.queries import accounts
from services.console.state import console
from shared.auth import tokens
from shared.auth.access import DECIDERS, LEDGER, REDRIVERS
from shared.auth.tokens import Principal, Role
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


class Names(BaseModel):
    """Names by account. Unknown accounts are left out."""

    names: dict[UUID, str]


@router.get("/waiting")
async def waiting_page(request: Request, session: Session) -> Response:
    here, caller = console(request), tokens.current(request)
    roles = caller.roles
    return here.pages.render(
        request,
        "waiting.html",
        places=here.places.options(language_of(request)),
        deciders=deciders(await accounts.everyone(session), caller, here.places),
        refusals=list(RefusalReason),
        may_decide=not roles.isdisjoint(DECIDERS),
        sees_letters=not roles.isdisjoint(LEDGER),
        may_redrive=not roles.isdisjoint(REDRIVERS),
    )


@api.post("/v1/accounts:names")
async def names(wanted: WantedNames, session: Session) -> Names:
    """The names of the accounts that a page shows, so that no page has the names of all accounts."""
    return Names(names=await accounts.names(session, wanted.accounts))


def deciders(everyone: Sequence[Account], caller: Principal, places: Places) -> list[Account]:
    """The active accounts that decide about held reports in at least a part of the caller's areas."""
    return [
        account
        for account in everyone
        if account.disabled_at is None
        and not DECIDERS.isdisjoint(map(Role, account.roles))
        and (caller.covers_country or any(places.concerns(account.areas, area) for area in caller.areas))
    ]
