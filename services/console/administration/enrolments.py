"""Enrolment links. With an enrolment link, a person sets the password of an account.

A link is valid for one hour and for one use. A change of the account's password or rights ends the link. The database
stores only the hash of the link's token.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Account, Enrolment
from services.console.queries import accounts as account_queries
from services.console.queries import enrolments as queries
from services.console.sign_in import accounts

VALID = timedelta(hours=1)
TOKEN_BYTES = 32
LONGEST_TOKEN = 100


async def issue(session: AsyncSession, account: Account, now: datetime) -> str:
    """Replaces the account's earlier link by a new link, and returns the token of the new link."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await queries.keep(session, account.account_id, _hash(token), accounts.state(account), now + VALID)
    return token


async def account_of(session: AsyncSession, token: str, now: datetime) -> Account | None:
    """Locks the row of the account of a valid link. Returns None if the link is not valid."""
    link = await queries.named(session, _hash(token))
    account = link and await account_queries.locked(session, link.account_id)
    return account if link and account and is_valid(link, account, now) else None


async def take(session: AsyncSession, token: str, now: datetime) -> Account | None:
    """Returns the account of a valid link, and ends the link."""
    account = await account_of(session, token, now)
    if account is None or not await queries.remove(session, _hash(token)):
        return None
    return account


async def withdraw(session: AsyncSession, account: Account) -> None:
    """Deletes the account's link.

    A link also ends when `accounts.state` changes. Without this deletion, two changes within one second could restore
    the old state, and with it the link.
    """
    await queries.remove_of(session, account.account_id)


def is_valid(link: Enrolment, account: Account, now: datetime) -> bool:
    return now < link.expires_at and account.disabled_at is None and link.state == accounts.state(account)


def _hash(token: str) -> bytes:
    """No salt is needed: a token has 256 random bits, so nobody can guess the token from the hash."""
    return sha256(token.encode()).digest()
