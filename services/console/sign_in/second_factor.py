"""The pages for setting up, removing and asking for a second factor.

The second factor protects only the administrator role. Without a code, a person signs in with the other roles.
"""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.queries import second_factors
from services.console.sign_in import accounts, totp
from services.console.sign_in import routes as signin
from services.console.sign_in.attempts import SecondFactorAttempt, SecondFactorStep, TooManyFailures
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.auth.tokens import Role, Unauthenticated
from shared.pages import language_of
from shared.postgres.database import Session
from shared.web.problems import Problem, unauthenticated

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form(max_length=2000)]


@router.get("/second-factor")
async def second_factor_page(request: Request, session: Session) -> Response:
    account = await own(request, session)
    if await second_factors.exists(session, account.account_id):
        left = await second_factors.unused_codes(session, account.account_id)
        return console(request).pages.render(request, "second-factor.html", left=left, failure=False)
    return offered(request, account, totp.draw())


@router.post("/second-factor")
async def set_up(request: Request, session: Session, secret: Text = "", code: Text = "") -> Response:
    """Stores the second factor. The code proves that the phone has the same secret."""
    account, here, now = await own(request, session), console(request), datetime.now(UTC)
    step = totp.step_of(secret, code, now) if totp.is_secret(secret) else None
    if step is None or await second_factors.exists(session, account.account_id):
        return offered(request, account, secret if totp.is_secret(secret) else totp.draw(), failure=True)
    codes = totp.draw_recovery_codes()
    sealed, hashes = here.totp.seal(secret, account.account_id), map(totp.recovery_hash, codes)
    await second_factors.keep(session, account.account_id, sealed, hashes, step=step, now=now)
    await audit.add(session, audit.entry_of(request, Action.RIGHTS_CHANGED, reason="second-factor-set-up"))
    return here.pages.render(request, "recovery-codes.html", codes=codes)


@router.post("/second-factor/removal")
async def remove(request: Request, session: Session, code: Text = "") -> Response:
    account = await own(request, session)
    if not await proves(request, session, account, code):
        left = await second_factors.unused_codes(session, account.account_id)
        return console(request).pages.render(request, "second-factor.html", status=422, left=left, failure=True)
    await second_factors.remove(session, account.account_id)
    await audit.add(session, audit.entry_of(request, Action.RIGHTS_CHANGED, reason="second-factor-removed"))
    return offered(request, account, totp.draw())


@router.post("/sign-in/code")
async def sign_in_by_code(
    request: Request, session: Session, ticket: Text = "", code: Text = "", next: signin.Next = "/", without: Text = ""
) -> Response:
    """Checks the code. With `without`, the person signs in without a code, and without the administrator role."""
    signin.own_page(request)
    account = await ticketed(request, session, ticket)
    try:
        if without and set(account.roles) != {Role.ADMINISTRATOR}:
            return await without_it(request, session, account, next)
        is_right = await proves(request, session, account, code)
    except TooManyFailures as failure:
        return signin.code_asked(request, account, next, ticket, failure="wait", wait=failure)
    if not is_right:
        await signin.not_signed_in(request, account, "wrong-code")
        return signin.code_asked(request, account, next, ticket, failure="wrong")
    return await signin.welcomed(request, session, account, next)


async def without_it(request: Request, session: AsyncSession, account: Account, next: str) -> Response:
    """Signs in without the administrator role. Raises TooManyFailures.

    Sign-ins without a code have their own counter, so that wrong codes do not keep the person from other work.
    """
    attempt = SecondFactorAttempt(SecondFactorStep.WITHOUT, account.account_id, signin.address_of(request))
    await signin.claimed(request, attempt, account)
    return await signin.welcomed(request, session, account, next, without=frozenset({Role.ADMINISTRATOR}))


async def ticketed(request: Request, session: AsyncSession, ticket: str) -> Account:
    """Reads the ticket, which proves the password for five minutes. A change of the account ends the ticket earlier."""
    try:
        account_id, state = console(request).signer.read_ticket(ticket)
    except Unauthenticated:
        raise unauthenticated() from None
    account = await queries.held(session, account_id)
    if account is None or accounts.state(account) != state or account.must_change:
        raise unauthenticated()
    if not accounts.may_sign_in(account, datetime.now(UTC)):
        raise unauthenticated()
    return account


async def proves(request: Request, session: AsyncSession, account: Account, code: str) -> bool:
    """Checks a code of the authenticator, or a recovery code. Each code is valid once. Raises TooManyFailures."""
    attempt = SecondFactorAttempt(SecondFactorStep.CODE, account.account_id, signin.address_of(request))
    await signin.claimed(request, attempt, account)
    factor, now = await second_factors.of(session, account.account_id), datetime.now(UTC)
    if factor is None:
        return False
    secret = console(request).totp.open(factor.sealed, account.account_id)
    step = totp.step_of(secret, code, now, after=factor.last_step) if secret else None
    if step is not None:
        factor.last_step = step
    elif not await second_factors.use_recovery_code(session, account.account_id, totp.recovery_hash(code), now):
        return False
    await console(request).attempts.release(attempt)
    return True


def offered(request: Request, account: Account, secret: str, *, failure: bool = False) -> Response:
    settings = console(request).settings
    issuer = getattr(settings, f"institution_{language_of(request)}")
    image, status = totp.qr(secret, account.name, issuer), 422 if failure else 200
    return console(request).pages.render(
        request, "second-factor-offer.html", status=status, secret=secret, image=image, failure=failure
    )


async def own(request: Request, session: AsyncSession) -> Account:
    account: Account | None = await queries.of_id(session, tokens.current(request).account)
    if account is None:
        raise Problem(404, "not-found", "This account is gone.")
    return account
