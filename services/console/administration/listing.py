"""The list of accounts with their states and last contacts, and the list of field teams."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.console.models import Account
from services.console.sign_in import accounts
from shared.auth.tokens import Role


class AccountState(StrEnum):
    ACTIVE = "active"
    WAITING = "waiting"  # no password yet, or only a first password
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class ListedAccount:
    account: Account
    state: AccountState
    seen_at: datetime | None


def state_of(account: Account) -> AccountState:
    if account.disabled_at:
        return AccountState.DISABLED
    # other systems use tokens instead of passwords
    needs_password = not accounts.is_integration(account) and (account.must_change or account.password_hash is None)
    return AccountState.WAITING if needs_password else AccountState.ACTIVE


def matching(listed: Iterable[ListedAccount], *, role: str, state: str) -> list[ListedAccount]:
    return [
        account
        for account in listed
        if (not role or role in account.account.roles) and (not state or state == account.state)
    ]


def teams_of(known: Iterable[Account]) -> dict[UUID, list[str]]:
    teams: dict[UUID, list[str]] = {}
    for account in known:
        if account.team and Role.FIELD in account.roles:
            teams.setdefault(account.team, []).append(account.name)
    return teams
