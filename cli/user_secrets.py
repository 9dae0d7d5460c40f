"""`dayar user` for passwords, second factors, and tokens for other systems."""

import sys
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import environment
from cli.refusals import refuse
from cli.user_changes import Name, entry, locked, noted, run
from services.console.administration import keeping
from services.console.config import ConsoleSettings
from services.console.queries import accounts as queries
from services.console.queries import second_factors, sign_ins
from services.console.sign_in import accounts, credentials, passwords
from services.console.visibility import GRANTS_ALERTS
from shared.audit import Action
from shared.auth.signer import Signer
from shared.messaging import outbox

# A first password is valid for an hour only, because the administrator knows it too.
PASSING = "It is valid for an hour, and changed at the first sign-in."


def reset_second_factor(name: Name) -> None:
    """Remove an administrator's second factor, if the phone and the recovery codes are lost. All sessions end."""

    async def do(session: AsyncSession, _: datetime) -> None:
        account, now = await locked(session, name)
        await second_factors.remove(session, account.account_id)
        await outbox.add(session, credentials.end_tokens(account, now + credentials.SECOND))
        await noted(session, Action.RIGHTS_CHANGED, account.account_id, reason="second-factor-removed")

    run(do)


def password(
    name: Name, generate: Annotated[bool, typer.Option(help="Generate it, and print it to this terminal.")] = False
) -> None:
    """Set a new password.

    The password is valid for an hour, and must be changed at the next sign-in. The account's sessions end.
    """
    given = first_password(name, generate=generate)

    async def do(session: AsyncSession, _: datetime) -> None:
        # hashing is slow, and must not prolong the lock of the row
        new_hash = await passwords.hashed(given)
        account, now = await locked(session, name)
        # Tokens state their time in whole seconds. Only a time in the next second is later than all tokens of the
        # current second.
        changed_at = now + credentials.SECOND
        queries.set_password(account, new_hash, changed_at)
        account.must_change, account.password_until = True, now + accounts.FIRST_PASSWORD
        await outbox.add(session, credentials.end_tokens(account, changed_at))
        await noted(session, Action.PASSWORD_CHANGED, account.account_id)

    run(do)
    if generate:
        typer.echo(f"New password of {name}: {given}")
    typer.echo(PASSING)


def token(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=90, help="For how many days the token is valid.")] = 90,
    alerts: Annotated[bool, typer.Option(help="Also let it listen to alerts.")] = False,
) -> None:
    """Print a token for another system. Only an account with the single role `integration` can have a token."""
    settings = ConsoleSettings().for_service("console")

    async def do(session: AsyncSession, now: datetime) -> str:
        account = await queries.locked_by_name(session, name)
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


def revoke(token_id: Annotated[UUID, typer.Argument(help="The id that `dayar user token` printed.")]) -> None:
    """Revoke a token."""

    async def do(session: AsyncSession, now: datetime) -> None:
        await keeping.revoke_token(session, token_id, now, entry)

    run(do)


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
    """Refuse to print a generated secret into a file, because only a person at a terminal may read the secret."""
    if not sys.stdout.isatty():
        refuse("This prints a secret: it does so only to a terminal.")
