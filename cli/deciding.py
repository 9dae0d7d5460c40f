"""Checks the account and the stated reason of a decision, for `dayar held` and `dayar dead`."""

from typing import Annotated

import typer

from cli.refusals import refuse
from cli.transactions import within
from services.console.models import Account
from services.console.queries import accounts
from shared.auth.tokens import Role

By = Annotated[str, typer.Option("--by", help="Your account's name.")]
Reason = Annotated[str, typer.Option(help="Why, in one sentence without personal data.")]
REASON_LENGTH = 500


async def decider(name: str, roles: frozenset[Role]) -> Account:
    """The command ends if no role of the account allows the decision."""
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
