"""Sign-in, sign-out and password changes. Only this module and `device_tokens` receive passwords."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.console.models import Account
from services.console.notices import NoticeKind
from services.console.queries import accounts as queries
from services.console.queries import browsers as known_browsers
from services.console.queries import notices, second_factors, sign_ins
from services.console.sign_in import accounts, bootstrap, browsers, cookies, credentials, passwords
from services.console.sign_in.attempts import Attempt, SignInAttempt, TooManyFailures
from services.console.sign_in.destinations import local
from services.console.state import console
from shared import audit, log
from shared.audit import Action, Result
from shared.auth import tokens
from shared.auth.tokens import Principal, Role
from shared.events.vocabulary import SubmissionChannel
from shared.messaging import outbox
from shared.pages import languages
from shared.postgres.database import Session
from shared.web.apps import is_https
from shared.web.problems import Problem, unauthenticated

router = APIRouter(include_in_schema=False)

Name = Annotated[str, Form(max_length=100)]
Password = Annotated[str, Form(max_length=500)]
Next = Annotated[str, Form()]  # a path longer than LONGEST_NEXT is replaced by `/`


@router.get("/sign-in")
async def sign_in_page(request: Request, next: str = "/") -> Response:
    response = console(request).pages.render(request, "sign-in.html", next=local(next), failure=None, name="")
    if languages.COOKIE in request.query_params:
        languages.keep_for_next(response, secure=is_https(console(request).settings))
    return response


@router.post("/sign-in")
async def sign_in(request: Request, name: Name = "", password: Password = "", next: Next = "/") -> Response:
    own_page(request)
    try:
        account = await checked(request, name, password)
    except TooManyFailures as failure:
        return refused(request, "sign-in.html", "wait", name, next, failure)
    if account is None:
        return refused(request, "sign-in.html", "wrong", name, next)
    if account.must_change:
        return console(request).pages.render(
            request, "password.html", name=account.name, next=local(next), failure="first"
        )
    async with request.app.state.sessions.begin() as session:
        held = await still(request, session, account)
        if held is None:
            return refused(request, "sign-in.html", "wrong", name, next)
        return await entered(request, session, held, next)


@router.get("/password")
async def password_page(request: Request) -> Response:
    name = tokens.current(request).name
    return console(request).pages.render(request, "password.html", name=name, next="/", failure=None)


@router.post("/password")
async def change_password(
    request: Request,
    session: Session,
    name: Name = "",
    password: Password = "",
    new: Password = "",
    again: Password = "",
    next: Next = "/",
) -> Response:
    """Changes the password without a session: a first password must be changed before the first sign-in."""
    own_page(request)
    try:
        account = await checked(request, name, password)
        if account is None:
            return refused(request, "password.html", "wrong", name, next)
        if new != again:
            return refused(request, "password.html", "differ", name, next)
        await passwords.check_new(new, account.name, password)
    except TooManyFailures as failure:
        return refused(request, "password.html", "wait", name, next, failure)
    except passwords.WeakPassword:
        return refused(request, "password.html", "weak", name, next)
    except passwords.SamePassword:
        return refused(request, "password.html", "same", name, next)
    new_hash, proven = await passwords.hashed(new), account.password_hash
    account, now = await queries.locked_by_name(session, account.name), datetime.now(UTC)
    # another request may have changed the account while this request checked the passwords
    if account.password_hash != proven or not accounts.may_sign_in(account, now):
        return refused(request, "password.html", "wrong", name, next)
    await set_password(request, session, account, new_hash, now)
    return await entered(request, session, account, next)


@router.post("/sign-out")
async def sign_out(request: Request, session: Session, next: Next = "/") -> Response:
    """Ends the session. After the next person's sign-in on this screen, the page `next` opens."""
    current, now = tokens.current(request), datetime.now(UTC)
    await sign_ins.end(session, current.account, current.jti, now)
    await outbox.add(session, credentials.sign_out(current, now))
    await audit.add(session, audit.entry_of(request, Action.SIGNED_OUT))
    page = languages.without_choice(local(next))
    response = RedirectResponse("/sign-in" if page == "/" else f"/sign-in?next={quote(page)}", 303)
    cookies.drop(response, console(request).settings)
    languages.forget(response, secure=is_https(console(request).settings))
    return response


@router.post("/v1/session")
async def renew(request: Request, session: Session, screen: str = "") -> Response:
    """A page's session is valid for another 30 minutes, a wall screen's for seven days, and a phone's for a year.

    Tokens of other systems are not renewed.
    """
    current, now = tokens.current(request), datetime.now(UTC)
    if current.channel is SubmissionChannel.API:
        return JSONResponse({"expires_at": instant(current)})
    account = await queries.of_id(session, current.account)
    if account is None or not accounts.may_renew(account, current):
        raise unauthenticated()
    principal = accounts.renewed(current, account, now, is_wall=screen == "wall")
    await sign_ins.renew(session, principal, now)
    token, session_data = (
        console(request).signer.sign(principal),
        {"expires_at": instant(principal), "name": account.name},
    )
    if not current.is_cookie:
        return JSONResponse({"token": token, **session_data})
    response = JSONResponse(session_data)
    cookies.put(response, token, principal, console(request).settings)
    return response


async def set_password(
    request: Request, session: AsyncSession, account: Account, new_hash: str, now: datetime, reason: str | None = None
) -> None:
    """Stores the new password, and ends all earlier sign-ins of the account."""
    queries.set_password(account, new_hash, now)
    entry = audit.entry_of(request, Action.PASSWORD_CHANGED, account=account.account_id, reason=reason)
    await audit.add(session, entry)
    await outbox.add(session, credentials.end_tokens(account, now))
    if account.name == bootstrap.NAME:
        console(request).settings.admin_password_file.unlink(missing_ok=True)


async def checked(request: Request, name: str, password: str, device: str | None = None) -> Account | None:
    """Returns the account, or None for a wrong password. Raises TooManyFailures.

    No transaction is open while the password is hashed.
    """
    mark, now = device or cookies.browser_of(request, console(request).settings), datetime.now(UTC)
    async with request.app.state.sessions() as session:
        account = await queries.named(session, name)
        is_known = mark and account and await known_browsers.is_known(session, account.account_id, mark, now)
    attempt = SignInAttempt(name, address_of(request), mark if is_known else None)
    await claimed(request, attempt, account)
    is_right = await passwords.matches(password, account.password_hash if account else None)
    if not is_right or account is None or not accounts.may_sign_in(account, datetime.now(UTC)):
        await not_signed_in(request, account, "wrong-password" if not is_right else "disabled")
        return None
    await console(request).attempts.release(attempt)
    return account


async def still(request: Request, session: AsyncSession, proven: Account) -> Account | None:
    """Locks the account's row. Returns None if the account has changed during the check of the password."""
    account = await queries.held(session, proven.account_id)
    is_same = account is not None and account.password_hash == proven.password_hash and not account.must_change
    if is_same and accounts.may_sign_in(account, datetime.now(UTC)):
        return account
    await not_signed_in(request, proven, "changed-meanwhile")
    return None


async def not_signed_in(request: Request, account: Account | None, reason: str) -> None:
    """Logs the refusal without the typed name: a person may type the password into the field of the name."""
    known = account.account_id if account else None
    entry = audit.entry_of(request, Action.SIGNED_IN, result=Result.REFUSED, account=known, reason=reason)
    await audit.write(request.app.state.sessions, entry)


async def claimed(request: Request, attempt: Attempt, account: Account | None) -> None:
    """Counts the attempt. Raises TooManyFailures. If the attempt starts a lock, administrators get a notice."""
    try:
        await console(request).attempts.claim(attempt)
    except TooManyFailures as failure:
        if failure.begins:
            name = account.name if account else None
            log.get().warning("sign-in locked", scope=failure.scope, account_id=account and str(account.account_id))
            async with request.app.state.sessions.begin() as session:
                now, kind = datetime.now(UTC), NoticeKind.LOCKOUT
                figures = {"scope": failure.scope, "wait_s": failure.wait_s}
                await notices.add(session, kind, now, account=name, address=attempt.address, **figures)
                locked = audit.entry_of(request, Action.LOCKED_OUT, account=account and account.account_id)
                await audit.add(session, replace(locked, result=Result.REFUSED, reason=failure.scope))
        raise


def address_of(request: Request) -> str:
    return request.client.host if request.client else ""


async def entered(request: Request, session: AsyncSession, account: Account, next: str) -> Response:
    if Role.ADMINISTRATOR in account.roles and await second_factors.exists(session, account.account_id):
        return code_asked(
            request, account, next, console(request).signer.ticket(account.account_id, accounts.state(account))
        )
    return await welcomed(request, session, account, next)


def code_asked(
    request: Request,
    account: Account,
    next: str,
    ticket: str,
    failure: str | None = None,
    wait: TooManyFailures | None = None,
) -> Response:
    """Asks for a code. The ticket proves for five minutes that the password was right, even after a wrong code."""
    status = 429 if wait else 401 if failure else 200
    return console(request).pages.render(
        request,
        "sign-in-code.html",
        status=status,
        headers={"retry-after": str(wait.wait_s)} if wait else {},
        ticket=ticket,
        next=local(next),
        failure=failure,
        may_go_without=set(account.roles) != {Role.ADMINISTRATOR},
    )


async def welcomed(
    request: Request, session: AsyncSession, account: Account, next: str, without: frozenset[Role] = frozenset()
) -> Response:
    settings = console(request).settings
    principal = accounts.principal(account, datetime.now(UTC), without=without)
    mark = cookies.browser_of(request, settings) or cookies.draw_browser()
    await began(request, session, principal, mark)
    response = RedirectResponse(local(next), 303)
    cookies.put(response, console(request).signer.sign(principal), principal, settings)
    cookies.put_browser(response, mark, settings)
    languages.remember_account(request, response, account.account_id, account.language, secure=is_https(settings))
    return response


async def began(request: Request, session: AsyncSession, principal: Principal, mark: str) -> None:
    await sign_ins.record(session, principal, address=address_of(request), browser=browsers.name_of(request))
    await known_browsers.remember(session, principal.account, mark, datetime.now(UTC))


def refused(
    request: Request, template: str, failure: str, name: str, next: str, wait: TooManyFailures | None = None
) -> Response:
    status = 429 if wait else 401 if failure == "wrong" else 422
    headers = {"retry-after": str(wait.wait_s)} if wait else {}
    return console(request).pages.render(
        request, template, status=status, headers=headers, name=name, next=local(next), failure=failure
    )


def own_page(request: Request) -> None:
    """Raises a Problem if a page of another site sent the form."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    is_own = site == "same-origin" or origin == console(request).settings.public_url
    if not is_own and (site or origin):  # every browser sends at least one of the headers with a form
        raise Problem(403, "cross-origin", "This is taken only from this installation's own pages.")


def instant(principal: Principal) -> str:
    return datetime.fromtimestamp(principal.expires_at, UTC).isoformat().replace("+00:00", "Z")
