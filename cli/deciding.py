"""Shared by `dayar held` and `dayar dead`: who decides, the reason, and a transaction on a service's schema."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from cli.user import refuse
from services.console.models import Account
from services.console.queries import accounts
from shared.auth.tokens import Role
from shared.config import Settings
from shared.postgres import database

T = TypeVar("T")
By = Annotated[str, typer.Option("--by", help="Your account's name.")]
Reason = Annotated[str, typer.Option(help="Why, in one sentence without personal data.")]
REASON_LENGTH = 500


async def within(service: str, do: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """One transaction on the service's schema."""
    engine = database.engine(Settings().for_service(service))
    try:
        async with database.sessions(engine).begin() as session:
            return await do(session)
    finally:
        await engine.dispose()


async def decider(name: str, roles: frozenset[Role]) -> Account:
    """The active account of this name; ends the command if none of its roles allows the decision."""
    account = await within("console", lambda session: accounts.named(session, name))
    if account is None or account.disabled_at:
        refuse(f"There is no active account named {name}.")
    if roles.isdisjoint(account.roles):
        refuse(f"{name} needs one of the roles {', '.join(sorted(roles))}.")
    return account


def checked(reason: str) -> str:
    reason = reason.strip()
    if not reason or not reason.isprintable() or len(reason) > REASON_LENGTH:
        refuse(f"A reason of one line and at most {REASON_LENGTH} characters is expected.")
    return reason
