"""`dayar user` manages accounts, passwords, and tokens for other systems."""

import asyncio
import shlex
import sys
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID, uuid4

import typer
from rich.console import Console
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from cli import environment
from cli.refusals import refuse
from cli.transactions import within
from services.console.administration import keeping
from services.console.administration.keeping import LastAdministrator, SignInNotFound
from services.console.config import ConsoleSettings
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.queries import second_factors, sign_ins
from services.console.queries.sign_ins import Device
from services.console.sign_in import accounts, credentials, passwords
from services.console.sign_in.accounts import AccountDetails
from services.console.visibility import GRANTS_ALERTS
from shared import audit
from shared.audit import Action, Entry
from shared.auth.tokens import Role, Signer
from shared.country import COUNTRY
from shared.messaging import outbox
from shared.pages.languages import LANGUAGES
from shared.places import Places

EVERYWHERE = [COUNTRY]
# A first password is valid for an hour, because the administrator knows it too.
PASSING = "It is valid for an hour, and changed at the first sign-in."

app = typer.Typer(help="Accounts, passwords, and tokens for other systems.", no_args_is_help=True)
T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="The account's name.")]
Organisation = Annotated[str | None, typer.Option()]
Post = Annotated[str | None, typer.Option(help="The person's post, such as “head of shift”.")]
Language = Annotated[str | None, typer.Option(help="The person's language: ky, ru or en.")]


@app.command()
def add(
    name: Name,
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    area: Annotated[
        list[str], typer.Option(help="A P-code whose data may be read; KG is the whole country.")
    ] = EVERYWHERE,
    team: Annotated[
        UUID | None, typer.Option(help="The field team; a new one where a field account names none.")
    ] = None,
    organisation: Organisation = None,
    post: Post = None,
    language: Language = None,
    source: Annotated[list[str], typer.Option(help="A hazard source that it may report for.")] = [],  # noqa: B006
    generate: Annotated[bool, typer.Option(help="Generate the first password, and print it to this terminal.")] = False,
) -> None:
    """Add an account. Its first password is valid for an hour and must be changed at the first sign-in.

    An account with the single role `integration` gets a token instead.
    """
    name = as_signed_in(name)
    check_areas(area)
    check_language(language)
    signs_in_by_token = set(role) == {Role.INTEGRATION} and not generate
    password = passwords.draw() if signs_in_by_token else first_password(name, generate=generate)
    if Role.FIELD in role and team is None:
        team = uuid4()

    async def do(session: AsyncSession, now: datetime) -> None:
        account = accounts.new(
            name,
            frozenset(role),
            now,
            areas=tuple(area),
            team=team,
            organisation=organisation,
            post=post,
            language=language,
            sources=tuple(source),
            password_hash=await passwords.hashed(password),
            must_change=True,
            password_until=now + accounts.FIRST_PASSWORD,
        )
        await keeping.add(session, account, entry)

    run(do)
    if generate:
        typer.echo(f"First password of {name}: {password}")
    typer.echo(f"It uses a token: dayar user token {shlex.quote(name)}" if signs_in_by_token else PASSING)


@app.command("list")
def list_() -> None:
    """List the accounts with their roles and areas."""

    async def do(session: AsyncSession, _: datetime) -> list[Account]:
        return list(await queries.everyone(session))

    for account in run(do):
        typer.echo(described(account))


def described(account: Account) -> str:
    """The account's state, roles, areas, team and organisation, in lines of at most 80 columns."""
    # other systems use tokens instead of passwords
    has_first_password = account.must_change and not accounts.is_integration(account)
    state = "disabled" if account.disabled_at else "must change the password" if has_first_password else "active"
    lines = [f"{account.name}: {state}", f"  roles: {', '.join(account.roles)}", f"  areas: {', '.join(account.areas)}"]
    lines.append(f"  account: {account.account_id}")  # the id is shown whole, because `receiver add --account` needs it
    if account.team:
        lines.append(f"  team: {account.team}")  # the id is shown whole, because `user add --team` needs it
    if account.organisation:
        lines.append(f"  organisation: {account.organisation}")
    if account.post:
        lines.append(f"  post: {account.post}")
    if account.hazard_areas:
        lines.append(f"  restricted hazards of: {', '.join(account.hazard_areas)}")
    return "\n".join(textwrap.fill(line, 80, subsequent_indent="    ") for line in lines)


@app.command()
def change(
    name: Name,
    role: Annotated[list[Role], typer.Option(help="The roles from now on.")] = [],  # noqa: B006
    area: Annotated[list[str], typer.Option(help="The areas from now on.")] = [],  # noqa: B006
    source: Annotated[list[str], typer.Option(help="The hazard sources from now on.")] = [],  # noqa: B006
    team: Annotated[UUID | None, typer.Option()] = None,
    organisation: Organisation = None,
    post: Post = None,
    language: Language = None,
) -> None:
    """Change an account; options that are left out change nothing. If its rights change, its sessions and tokens end.

    The rights are all options but the post and the language.
    """
    check_areas(area)
    check_language(language)

    async def do(session: AsyncSession, _: datetime) -> bool:
        account, now = await locked(session, name)
        before = AccountDetails.of(account)
        details = AccountDetails(
            roles=frozenset(role) or before.roles,
            areas=tuple(area) or before.areas,
            sources=tuple(source) or before.sources,
            team=team or before.team,
            organisation=organisation or before.organisation,
            post=post or before.post,
            language=language or before.language,
        )
        return await keeping.change(session, account, details, now, entry)

    if run(do):
        typer.echo(f"{name} must sign in again; this takes effect within seconds.")


@app.command()
def devices(name: Name) -> None:
    """List the phones that an account is signed in on, last contact first."""

    async def do(session: AsyncSession, now: datetime) -> list[Device]:
        return await sign_ins.devices(session, await queries.one(session, name), now)

    title = Column("Device", no_wrap=True)  # the id is shown whole, because `user forget` needs it
    table = Table(title, "First sign-in", "Last contact", "State", box=None, padding=(0, 1))
    for device in run(do):
        state = "ended" if device.is_ended else f"until {device.expires_at:%Y-%m-%d}"
        table.add_row(str(device.device), f"{device.first_at:%Y-%m-%d}", f"{device.seen_at:%Y-%m-%d}", state)
    Console().print(table)


@app.command()
def forget(name: Name, device: Annotated[UUID, typer.Argument(help="As `dayar user devices` prints it.")]) -> None:
    """Sign out one lost phone, within seconds. The account's other phones stay signed in."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.forget(session, await queries.one(session, name), device, now, entry)

    try:
        run(do)
    except SignInNotFound:
        refuse(f"{name} never signed in on that device.")


@app.command()
def readmit(
    team: Annotated[UUID, typer.Argument(help="As `dayar user list` prints it.")],
    days: Annotated[int, typer.Option(min=1, max=30)] = 7,
) -> None:
    """Accept a field team's reports as usual, although its phones' sign-ins have ended.

    Revoked sign-ins and tokens stay revoked.
    """

    async def do(session: AsyncSession, now: datetime) -> None:
        if team not in {account.team for account in await queries.everyone(session)}:
            refuse("No account is of this team.")
        await outbox.add(session, credentials.readmit(team, now, now + timedelta(days=days)))
        await noted(session, Action.RIGHTS_CHANGED, team, reason="readmitted")

    run(do)
    typer.echo("Decide about reports held earlier with `dayar held`.")


@app.command()
def reset_second_factor(name: Name) -> None:
    """Remove an administrator's second factor, if the phone and the recovery codes are lost. All sessions end."""

    async def do(session: AsyncSession, _: datetime) -> None:
        account, now = await locked(session, name)
        await second_factors.remove(session, account.account_id)
        await outbox.add(session, credentials.end_tokens(account, now + credentials.SECOND))
        await noted(session, Action.RIGHTS_CHANGED, account.account_id, reason="second-factor-removed")

    run(do)


@app.command()
def disable(name: Name) -> None:
    """Disable an account: it is signed out everywhere, within seconds, and cannot sign in again."""

    async def do(session: AsyncSession, _: datetime) -> None:
        account, now = await locked(session, name)
        await keeping.disable(session, account, now, entry)

    run(do)


@app.command()
def enable(name: Name) -> None:
    """Let a disabled account sign in again. Its former sessions stay ended."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.enable(session, await queries.one(session, name), now, entry)

    run(do)


@app.command()
def password(
    name: Name, generate: Annotated[bool, typer.Option(help="Generate it, and print it to this terminal.")] = False
) -> None:
    """Set a new password. It is valid for an hour, and is changed at the next sign-in. The account's sessions end."""
    given = first_password(name, generate=generate)

    async def do(session: AsyncSession, _: datetime) -> None:
        # the password is hashed before the row is locked, because hashing is slow
        new_hash = await passwords.hashed(given)
        account, now = await locked(session, name)
        # Tokens state whole seconds. Only a time in the next second is later than all tokens of the current second.
        changed_at = now + credentials.SECOND
        queries.set_password(account, new_hash, changed_at)
        account.must_change, account.password_until = True, now + accounts.FIRST_PASSWORD
        await outbox.add(session, credentials.end_tokens(account, changed_at))
        await noted(session, Action.PASSWORD_CHANGED, account.account_id)

    run(do)
    if generate:
        typer.echo(f"New password of {name}: {given}")
    typer.echo(PASSING)


@app.command()
def token(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=90)] = 90,
    alerts: Annotated[bool, typer.Option(help="Also let it listen to alerts.")] = False,
) -> None:
    """Print a token for another system. Only an account with the single role `integration` can have one."""
    settings = ConsoleSettings().for_service("console")

    async def do(session: AsyncSession, now: datetime) -> str:
        account = await queries.one(session, name)
        if not accounts.is_integration(account) or account.disabled_at:
            refuse(f"{name} is not an active integration account.")
        purpose = GRANTS_ALERTS if alerts else "hazards"
        principal = accounts.integration(account, now, purpose, timedelta(days=days))
        await noted(session, Action.TOKEN_ISSUED, account.account_id, principal.jti, reason=purpose)
        sign_ins.record_token(session, principal, address=environment.terminal())
        typer.echo(f"token id {principal.jti}, for `dayar user revoke`", err=True)
        return Signer(settings.token_private_key_file).sign(principal)

    to_terminal()
    typer.echo(run(do))


@app.command()
def revoke(token_id: Annotated[UUID, typer.Argument(help="The id that `dayar user token` printed.")]) -> None:
    """Revoke a token."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.revoke_token(session, token_id, now, entry)

    run(do)


async def noted(session: AsyncSession, action: Action, *objects: UUID, reason: str | None = None) -> None:
    await audit.add(session, entry(action, objects=objects, reason=reason))


def entry(action: Action, *, objects: Sequence[UUID], reason: str | None = None) -> Entry:
    """An entry of the security log. It has no account, because nobody signs in for a terminal command."""
    address = environment.terminal()
    return Entry(action=action, address=address, subject="dayar user", objects=objects, reason=reason)


async def locked(session: AsyncSession, name: str) -> tuple[Account, datetime]:
    """Lock the account's row. Return the account, and a time that is later than every sign-in before the lock."""
    return await queries.one(session, name), datetime.now(UTC)


def run(do: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    """Run `do` in one transaction on the console's schema. The console's worker publishes the changes."""
    try:
        return asyncio.run(within("console", lambda session: do(session, datetime.now(UTC))))
    except accounts.AccountNotFound as error:
        refuse(f"There is no account named {error}.")
    except accounts.NameTaken as error:
        refuse(f"There is an account named {error} already.")
    except LastAdministrator as error:
        refuse(
            f"{error} is the last administrator who can sign in. "
            "First give the role to another account whose person has chosen a password."
        )


def as_signed_in(name: str) -> str:
    """Remove spaces around the name, as the sign-in page does. Refuse a name with a line break."""
    if not name.strip() or not name.isprintable():
        refuse("A name that can be typed at sign-in is expected.")
    return name.strip()


def check_areas(areas: list[str]) -> None:
    places = Places.load(ConsoleSettings().places_path)
    unknown = [area for area in areas if area != COUNTRY and places.unit(area) is None]
    if unknown:
        refuse(f"Not a P-code of this installation: {', '.join(unknown)}")


def check_language(language: str | None) -> None:
    if language is not None and language not in LANGUAGES:
        refuse(f"One of {', '.join(LANGUAGES)} is expected as language.")


def first_password(name: str, *, generate: bool) -> str:
    if generate:
        to_terminal()
        return passwords.draw()
    given: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        passwords.check_strength(given, name)
    except passwords.WeakPassword:
        refuse(
            f"A password of at least {passwords.LEAST_LENGTH} characters is expected, "
            "not the account's name, not easily guessed."
        )
    return given


def to_terminal() -> None:
    """Refuse to print a generated secret into a file, because only a person at a terminal may read it."""
    if not sys.stdout.isatty():
        refuse("This prints a secret: it does so only to a terminal.")
