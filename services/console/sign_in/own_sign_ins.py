"""The page on which people see their own open sign-ins and can end them."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.console.queries import accounts as queries
from services.console.queries import sign_ins
from services.console.sign_in import credentials
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.messaging import outbox
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)


@router.get("/sign-ins")
async def sign_ins_page(request: Request, session: Session) -> Response:
    current = tokens.current(request)
    account = await queries.of_id(session, current.account)
    if account is None:
        raise Problem(404, "not-found", "This account is gone.")
    open_ones = await sign_ins.open_ones(session, account, datetime.now(UTC))
    return console(request).pages.render(request, "sign-ins.html", sign_ins=open_ones, current=current.jti)


@router.post("/sign-ins/{jti}/end")
async def end_sign_in(request: Request, session: Session, jti: UUID) -> Response:
    """All services refuse the token of an ended sign-in within seconds."""
    current, now = tokens.current(request), datetime.now(UTC)
    if await sign_ins.end(session, current.account, jti, now) is None:
        raise Problem(404, "not-found", "This account has no such sign-in.")
    await outbox.add(session, credentials.revoke_token(jti, now))
    await audit.add(session, audit.entry_of(request, Action.SIGNED_OUT, objects=[jti]))
    return RedirectResponse("/sign-in" if jti == current.jti else "/sign-ins", 303)
