"""The pages on which administrators keep accounts: the list, the form, sign-ins, and enrolment links."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from services.console import qr_codes
from services.console.administration import enrolments, keeping, listing
from services.console.administration.forms import EMPTY, LONGEST_NAME, LONGEST_TELEPHONE, LONGEST_TEXT, AccountForm
from services.console.administration.keeping import CannotEnrol, LastAdministrator, MakeEntry, SignInNotFound
from services.console.administration.listing import AccountState, ListedAccount
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.queries import enrolments as enrolment_queries
from services.console.queries import sign_ins
from services.console.sign_in import accounts
from services.console.sign_in.accounts import AccountDetails, NameTaken, SourceOfPeople
from services.console.state import console
from shared import audit
from shared.audit import Action
from shared.auth import tokens
from shared.pages import language_of
from shared.pages.languages import DEFAULT
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, expected_by_field, typed_of, version_of
from shared.postgres.database import Session
from shared.web.problems import Problem

router = APIRouter(include_in_schema=False)
HOME = "/accounts"
MOST_SHOWN = 2_000
TAKEN = N_("There is an account of this name already.")
CHANGED = N_("Somebody else has changed this account meanwhile. What you typed is kept: check it, and save again.")
FOREIGN_SOURCE = N_(
    "This account has the source cmc or field, so its reports would count as those of the centre or of field teams. "
    "First give it its own source: dayar user change NAME --source SOURCE"
)
LAST = N_(
    "This is the last administrator who can sign in. "
    "First give the role to another account whose person has chosen a password."
)


@router.get("/accounts")
async def accounts_page(request: Request, session: Session, role: str = "", state: str = "") -> Response:
    """The browser searches the list, because a search on the server would put a person's name into the address."""
    known, seen = await queries.everyone(session), await sign_ins.last_contacts(session)
    listed = [ListedAccount(account, listing.state_of(account), seen.get(account.account_id)) for account in known]
    matching = listing.matching(listed, role=role, state=state)
    return console(request).pages.render(
        request,
        "accounts.html",
        shown=matching[:MOST_SHOWN],
        found=len(matching),
        count=len(known),
        chosen={"role": role, "state": state},
        states=list(AccountState),
        places=console(request).places,
    )


@router.get("/accounts/new")
async def new_page(request: Request, session: Session) -> Response:
    return await form_page(request, session, AccountForm(EMPTY))


@router.post("/accounts")
async def add(request: Request, session: Session) -> Response:
    here, now = console(request), datetime.now(UTC)
    form = AccountForm(typed_of(await request.form()))
    details, faults = form.parsed(here.places, listing.teams_of(await queries.everyone(session)))
    name = form.name(faults)
    if await queries.named(session, name):
        faults.append(Fault("name", TAKEN))
    if faults:
        return await form_page(request, session, form, faults=faults, status=422)
    account = accounts.new(name, details.roles, now)
    accounts.change(account, details)
    try:
        await keeping.add(session, account, entry_of(request))
    except NameTaken:  # another administrator added this name first; the transaction is rolled back
        raise Problem(409, "conflict", "There is an account of this name already.") from None
    await keeping.change_telephone(session, account, form.telephone, here.telephones, entry_of(request))
    if accounts.is_integration(account):
        return RedirectResponse(f"{HOME}/{account.account_id}", 303)
    return await link_page(request, session, account, now)


@router.get("/accounts/{account_id}")
async def account_page(account_id: UUID, request: Request, session: Session) -> Response:
    account = await queries.of_id(session, account_id)
    if account is None:
        raise not_found()
    return await stored_page(request, session, account)


@router.post("/accounts/{account_id}")
async def change(account_id: UUID, request: Request, session: Session) -> Response:
    here, typed = console(request), typed_of(await request.form())
    account, now = await account_of(session, account_id), datetime.now(UTC)
    form = AccountForm(typed)
    known = AccountDetails.of(account)
    details, faults = form.parsed(here.places, listing.teams_of(await queries.everyone(session)), known)
    if form.value("version") != version(account, here.telephones.of(account)):
        faults.append(Fault("version", CHANGED))
    try:
        if not faults:
            await keeping.change(session, account, details, now, entry_of(request))
    except LastAdministrator:
        faults.append(Fault("roles", LAST))
    except SourceOfPeople:
        faults.append(Fault("acts", FOREIGN_SOURCE))
    if faults:
        return await form_page(request, session, form, account, faults, status=422)
    await keeping.change_telephone(session, account, form.telephone, here.telephones, entry_of(request))
    return RedirectResponse(HOME, 303)


@router.post("/accounts/{account_id}/disabling")
async def disable(account_id: UUID, request: Request, session: Session) -> Response:
    account, now = await account_of(session, account_id), datetime.now(UTC)
    try:
        await keeping.disable(session, account, now, entry_of(request))
    except LastAdministrator:
        return await stored_page(request, session, account, [Fault("acts", LAST)], status=409)
    return RedirectResponse(f"{HOME}/{account_id}", 303)


@router.post("/accounts/{account_id}/enabling")
async def enable(account_id: UUID, request: Request, session: Session) -> Response:
    account, now = await account_of(session, account_id), datetime.now(UTC)
    await keeping.enable(session, account, now, entry_of(request))
    return RedirectResponse(f"{HOME}/{account_id}", 303)


@router.post("/accounts/{account_id}/link")
async def issue_link(account_id: UUID, request: Request, session: Session) -> Response:
    return await link_page(request, session, await account_of(session, account_id), datetime.now(UTC))


@router.post("/accounts/{account_id}/sign-ins/{jti}/end")
async def end_sign_in(account_id: UUID, jti: UUID, request: Request, session: Session) -> Response:
    account, now = await account_of(session, account_id), datetime.now(UTC)
    try:
        await keeping.end_sign_in(session, account, jti, now, entry_of(request))
    except SignInNotFound:
        raise Problem(404, "not-found", "This account has no such sign-in.") from None
    return RedirectResponse(f"{HOME}/{account_id}", 303)


async def link_page(request: Request, session: AsyncSession, account: Account, now: datetime) -> Response:
    """Issues an enrolment link and shows it.

    The token is the fragment of the address, which browsers do not send to servers.
    """
    try:
        token = await keeping.issue_link(session, account, now, entry_of(request))
    except CannotEnrol:
        raise Problem(409, "conflict", "This account is disabled, or signs in by a token.") from None
    here = console(request)
    link = f"{here.settings.public_url}/enrolment?lang={account.language or DEFAULT}#{token}"
    return here.pages.render(
        request,
        "enrolment-link.html",
        account=account,
        link=link,
        image=qr_codes.svg(link),
        until=now + enrolments.VALID,
    )


async def stored_page(
    request: Request, session: AsyncSession, account: Account, faults: Sequence[Fault] = (), *, status: int = 200
) -> Response:
    here = console(request)
    form = AccountForm.of(account, here.telephones.of(account), here.places)
    return await form_page(request, session, form, account, faults, status=status)


async def form_page(
    request: Request,
    session: AsyncSession,
    form: AccountForm,
    known: Account | None = None,
    faults: Sequence[Fault] = (),
    *,
    status: int = 200,
) -> Response:
    here, language = console(request), language_of(request)
    teams = listing.teams_of(await queries.everyone(session))
    return here.pages.render(
        request,
        "account.html",
        status=status,
        form=form,
        known=known,
        wrong=expected_by_field(request, faults),
        oblasts=sorted((unit.label(language), unit.pcode) for unit in here.places.units(1)),
        teams=sorted((names, str(team)) for team, names in teams.items()),
        longest_name=LONGEST_NAME,
        longest_text=LONGEST_TEXT,
        longest_telephone=LONGEST_TELEPHONE,
        **(await around(request, session, known) if known else {}),
    )


async def around(request: Request, session: AsyncSession, account: Account) -> dict[str, Any]:
    """Returns the template's values for the part of the page around the form.

    The page shows personal data (telephones and network addresses), so the security log records each reader.
    """
    now = datetime.now(UTC)
    await audit.add(session, audit.entry_of(request, Action.READ, objects=[account.account_id]))
    link = await enrolment_queries.of_account(session, account.account_id)
    return {
        "version": version(account, console(request).telephones.of(account)),
        "state": listing.state_of(account),
        "is_integration": accounts.is_integration(account),
        "link_until": link.expires_at if link and enrolments.is_valid(link, account, now) else None,
        "sign_ins": await sign_ins.open_ones(session, account, now),
        "current": tokens.current(request).jti,
    }


def version(account: Account, telephone: str | None) -> str:
    """Returns a version that the form sends back, so that the server recognises a change by another administrator.

    The roles are sorted, because two processes can order the same set differently.
    """
    details = AccountDetails.of(account)
    others = replace(details, roles=frozenset())
    return version_of((sorted(details.roles), others, telephone))


def entry_of(request: Request) -> MakeEntry:
    return partial(audit.entry_of, request)


async def account_of(session: AsyncSession, account_id: UUID) -> Account:
    account = await queries.locked(session, account_id)
    if account is None:
        raise not_found()
    return account


def not_found() -> Problem:
    return Problem(404, "not-found", "There is no such account.")
