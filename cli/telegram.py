"""`dayar telegram` binds Telegram users to their accounts, so that these people can acknowledge alerts in Telegram."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table
from sqlalchemy.ext.asyncio import AsyncSession

from cli import security_log
from cli.receiver_changes import own_settings, refuse
from cli.transactions import within
from services.alerts.acts import bindings
from services.alerts.acts.bindings import BoundPerson
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers.secrets import WebhookSecrets
from services.console.models import Account
from services.console.queries import accounts as account_queries
from services.console.sign_in import accounts
from shared.audit import Action
from shared.auth.role_groups import CMC
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel

TELEGRAM = DeliveryChannel.TELEGRAM
PROBLEMS = {
    None: "The bot works.",
    "bot_token_refused": "Telegram refuses the token of the bot: write a new token into ALERTS_TELEGRAM_TOKEN_FILE.",
    "telegram_409": "Another program asks Telegram for the updates of this bot. Stop it, or use a bot of your own.",
    "unreachable": "Telegram cannot be reached.",
    "timed_out": "Telegram does not answer in time.",
}

app = typer.Typer(help="The Telegram accounts of people.", no_args_is_help=True, add_completion=False)
console = Console(highlight=False)
AccountName = Annotated[str, typer.Argument(help="The account's name.")]


@app.command()
def code(account: AccountName) -> None:
    """Print a code for an operator or duty head, who sends it to the bot. The code is valid once, for 15 minutes."""
    now = datetime.now(UTC)
    person = holder(asyncio.run(within("console", lambda session: account_named(session, account))), now)
    settings = own_settings()
    box = WebhookSecrets(settings.alerts_key_file)
    drawn = asyncio.run(
        within("alerts", lambda session: bindings.draw_code(session, box, TELEGRAM, person, now), settings)
    )
    console.print(f"In a private chat with the bot, {escape(person.name)} sends: [bold]/start {drawn}[/]")
    console.print("The code is valid once, for 15 minutes.")


@app.command("list")
def list_all() -> None:
    """List the accounts that are bound to a Telegram user."""
    table = Table(*(Column(title, overflow="fold") for title in ("Account", "Roles", "Areas", "Bound")))
    for bound in asyncio.run(within("alerts", lambda session: bindings.everyone(session, TELEGRAM), own_settings())):
        table.add_row(escape(bound.name), ", ".join(bound.roles), ", ".join(bound.areas), f"{bound.bound_at:%Y-%m-%d}")
    console.print(table)


@app.command()
def unbind(account: AccountName) -> None:
    """Unbind the account's Telegram user, who can no longer acknowledge alerts in Telegram."""

    async def do(session: AsyncSession) -> bool:
        bound = {binding.name: binding.account_id for binding in await bindings.everyone(session, TELEGRAM)}
        if account not in bound:
            return False
        await bindings.unbind(session, TELEGRAM, bound[account])
        await security_log.note(session, Action.UNBOUND, "dayar telegram", [bound[account]])
        return True

    if not asyncio.run(within("alerts", do, own_settings())):
        refuse(f"{account} is not bound to a Telegram user.")
    console.print(f"{escape(account)} can no longer acknowledge alerts in Telegram.")


@app.command()
def status() -> None:
    """Say whether Telegram gives the bot its updates."""
    settings = own_settings()
    if settings.alerts_telegram_token_file is None:
        refuse("ALERTS_TELEGRAM_TOKEN_FILE names no file with a token.")
    problem = asyncio.run(within("alerts", poll_queries.problem, settings))
    console.print(PROBLEMS.get(problem, f"Telegram gives no updates: {problem}."))
    raise typer.Exit(problem is not None)


async def account_named(session: AsyncSession, name: str) -> Account | None:
    try:
        return await account_queries.locked_by_name(session, name)
    except accounts.AccountNotFound:
        return None


def holder(account: Account | None, now: datetime) -> BoundPerson:
    """Ends the command if the account may not acknowledge alerts."""
    if account is None:
        refuse("There is no account of this name.")
    roles = frozenset(map(Role, account.roles))
    if account.disabled_at is not None or roles.isdisjoint(CMC):
        refuse(f"{account.name} is not an active account of an operator or duty head.")
    return BoundPerson(account.account_id, account.name, roles, tuple(account.areas), now)
