"""Tokens for the phones of field accounts. A phone gets a token for a password, or for a new session of a page."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response

from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.queries import sign_ins
from services.console.sign_in import accounts, cookies, credentials
from services.console.sign_in import routes as signin
from services.console.sign_in.attempts import TooManyFailures
from services.console.state import console
from shared.auth import tokens
from shared.events.fields import Body
from shared.messaging import outbox
from shared.postgres.database import Session
from shared.web.problems import Problem, unauthenticated

FRESH_SECONDS = 300  # only a session of this age or less can become a phone's sign-in
router = APIRouter()


class TokenRequest(Body):
    """A field account's sign-in from a phone. `device` is a random id that the phone has generated."""

    name: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=500)]
    device: UUID


@router.post("/v1/tokens")
async def device_token(request: Request, wanted: TokenRequest) -> Response:
    """Issues a token for a year.

    Only field accounts get device tokens, because a lost phone must not give away further rights.
    """
    try:
        account = await signin.checked(request, wanted.name, wanted.password, str(wanted.device))
    except TooManyFailures as failure:
        raise Problem(
            429, "too-many-failures", "Too many sign-ins failed: wait.", headers={"retry-after": str(failure.wait_s)}
        ) from None
    if account is None:
        raise wrong_password()
    async with request.app.state.sessions.begin() as session:
        held = account if account.must_change else await signin.still(request, session, account)
        if held is None:
            raise wrong_password()
        if held.must_change or frozenset(held.roles) != accounts.FIELD_ONLY:
            raise Problem(
                403, "not-a-field-account", "Device tokens are for field accounts whose first password was changed."
            )
        return await device_begun(request, session, held, wanted.device)


def wrong_password() -> Problem:
    return Problem(401, "wrong-password", "Wrong user name or password.")


class Phone(Body):
    """A phone, identified by the random id that it has generated."""

    device: UUID


@router.post("/v1/session/device")
async def device_of_session(request: Request, session: Session, phone: Phone) -> Response:
    """Issues a device token to a field account that signed in on the page less than five minutes ago.

    The person does not type the password again.
    """
    current, now = tokens.current(request), datetime.now(UTC)
    account = await queries.held(session, current.account)
    signed_in_at = current.signed_in_at or current.issued_at
    is_fresh = current.is_cookie and now.timestamp() - signed_in_at < FRESH_SECONDS
    if not is_fresh or account is None or not accounts.may_renew(account, current) or account.must_change:
        raise unauthenticated()
    if frozenset(account.roles) != accounts.FIELD_ONLY:
        raise Problem(403, "not-a-field-account", "Device tokens are for field accounts.")
    response = await device_begun(request, session, account, phone.device)
    await sign_ins.end(session, current.account, current.jti, now)
    await outbox.add(session, credentials.revoke_token(current.jti, now))
    cookies.drop(response, console(request).settings)
    return response


async def device_begun(request: Request, session: AsyncSession, account: Account, device: UUID) -> Response:
    principal = accounts.principal(account, datetime.now(UTC), device=device)
    await signin.began(request, session, principal, str(device))
    token = console(request).signer.sign(principal)
    return JSONResponse({"token": token, "expires_at": signin.instant(principal), "name": account.name})
