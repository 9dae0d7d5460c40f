"""The page of everything that waits for a person. The browser calls the services; the console adds names."""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.console.models import Account
from services.console.queries import accounts
from services.console.state import console
from shared.auth import tokens
from shared.auth.access import COUNTERS, DECIDERS, LEDGER, REDRIVERS
from shared.auth.tokens import Role
from shared.events.vocabulary import RefusalReason
from shared.pages import language_of
from shared.postgres.database import Session

router = APIRouter(include_in_schema=False)


@router.get("/waiting")
async def waiting_page(request: Request, session: Session) -> Response:
    here, roles = console(request), tokens.current(request).roles
    everyone = await accounts.everyone(session)
    return here.pages.render(
        request,
        "waiting.html",
        places=here.places.options(language_of(request)),
        names={str(account.account_id): account.name for account in everyone},
        deciders=deciders(everyone),
        refusals=list(RefusalReason),
        may_decide=not roles.isdisjoint(DECIDERS),
        sees_letters=not roles.isdisjoint(LEDGER),
        may_redrive=not roles.isdisjoint(REDRIVERS),
    )


def deciders(everyone: Sequence[Account]) -> list[Account]:
    """The active accounts to which a held report can be assigned."""
    return [
        account
        for account in everyone
        if account.disabled_at is None and not COUNTERS.isdisjoint(map(Role, account.roles))
    ]
