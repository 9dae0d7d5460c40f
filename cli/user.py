"""`dayar user` manages accounts, their phones and passwords, and tokens for other systems."""

import shlex
import textwrap
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.refusals import refuse
from cli.user_changes import Name, entry, locked, run
from cli.user_devices import devices, forget, readmit
from cli.user_secrets import PASSING, first_password, password, reset_second_factor, revoke, token
from services.console.administration import keeping
from services.console.config import ConsoleSettings
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.sign_in import accounts, passwords
from services.console.sign_in.accounts import AccountDetails
from shared.auth.tokens import Role
from shared.country import COUNTRY
from shared.pages.languages import LANGUAGES
from shared.places import Places

EVERYWHERE = [COUNTRY]
app = typer.Typer(help="Accounts, passwords, and tokens for other systems.", no_args_is_help=True, add_completion=False)
Organisation = Annotated[str | None, typer.Option(help="The person's organisation.")]
Post = Annotated[str | None, typer.Option(help="The person's post, such as “head of shift”.")]
Language = Annotated[str | None, typer.Option(help="The person's language: ky, ru or en.")]


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
    """Add an account. The first password is valid for an hour, and must be changed at the first sign-in.

    An account with the single role `integration` gets a token, and no password.
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


def list_() -> None:
    """List the accounts with their roles and areas."""

    async def do(session: AsyncSession, _: datetime) -> list[Account]:
        return list(await queries.everyone(session))

    for account in run(do):
        typer.echo(described(account))


def described(account: Account) -> str:
    # other systems have tokens instead of passwords
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


def change(
    name: Name,
    role: Annotated[list[Role], typer.Option(help="The roles from now on.")] = [],  # noqa: B006
    area: Annotated[list[str], typer.Option(help="The areas from now on.")] = [],  # noqa: B006
    source: Annotated[list[str], typer.Option(help="The hazard sources from now on.")] = [],  # noqa: B006
    team: Annotated[UUID | None, typer.Option(help="The field team from now on.")] = None,
    organisation: Organisation = None,
    post: Post = None,
    language: Language = None,
) -> None:
    """Change an account; options that are left out change nothing.

    If the account's rights change, its sessions and tokens end.

    All options except the post and the language change rights.
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


def disable(name: Name) -> None:
    """Disable an account: it is signed out everywhere, within seconds, and cannot sign in again."""

    async def do(session: AsyncSession, _: datetime) -> None:
        account, now = await locked(session, name)
        await keeping.disable(session, account, now, entry)

    run(do)


def enable(name: Name) -> None:
    """Let a disabled account sign in again. The account's former sessions stay ended."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.enable(session, await queries.locked_by_name(session, name), now, entry)

    run(do)


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


app.command()(add)
app.command("list")(list_)
for command in (change, devices, forget, readmit, reset_second_factor, disable, enable, password, token, revoke):
    app.command()(command)
