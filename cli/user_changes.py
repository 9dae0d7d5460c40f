"""Changes accounts in one transaction for the commands of `dayar user`, and adds entries to the security log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli import environment
from cli.refusals import refuse
from cli.transactions import within
from services.console.administration.keeping import LastAdministrator
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.sign_in import accounts
from shared import audit
from shared.audit import Action, Entry

T = TypeVar("T")
Name = Annotated[str, typer.Argument(help="The account's name.")]


def run(do: Callable[[AsyncSession, datetime], Awaitable[T]]) -> T:
    try:
        return asyncio.run(within("console", lambda session: do(session, datetime.now(UTC))))
    except accounts.AccountNotFound as error:
        refuse(f"There is no account named {error}.")
    except accounts.NameTaken as error:
        refuse(f"There is an account named {error} already.")
    except accounts.SourceOfPeople as error:
        refuse(
            f"No account may be given the source {error}: its reports would count as those of the centre or of field "
            "teams. Name the system's own source: --source NAME."
        )
    except LastAdministrator as error:
        refuse(
            f"{error} is the last administrator who can sign in. "
            "First give the role to another account whose person has chosen a password."
        )


async def locked(session: AsyncSession, name: str) -> tuple[Account, datetime]:
    """The returned time is later than every sign-in before the lock of the account."""
    return await queries.locked_by_name(session, name), datetime.now(UTC)


async def noted(session: AsyncSession, action: Action, *objects: UUID, reason: str | None = None) -> None:
    await audit.add(session, entry(action, objects=objects, reason=reason))


def entry(action: Action, *, objects: Sequence[UUID], reason: str | None = None) -> Entry:
    """The entry has no account, because nobody signs in for a terminal command."""
    address = environment.terminal()
    return Entry(action=action, address=address, subject="dayar user", objects=objects, reason=reason)
