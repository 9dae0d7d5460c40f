"""The actions of administrators on accounts. The pages and `dayar user` call these functions in their own transaction.

Each function adds an entry to the security log. A function that ends sign-ins or tokens also sends an event, after
which all services reject the ended sign-ins and tokens.
"""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.console.administration import enrolments
from services.console.administration.telephones import Telephones
from services.console.models import Account
from services.console.queries import accounts as queries
from services.console.queries import sign_ins
from services.console.sign_in import accounts, credentials
from services.console.sign_in.accounts import AccountDetails
from shared import audit
from shared.audit import Action, Entry
from shared.auth.tokens import Role
from shared.events.vocabulary import SubmissionChannel
from shared.messaging import outbox

MakeEntry = Callable[..., Entry]


class LastAdministrator(ValueError):
    """No other account can sign in as an administrator."""


class SignInNotFound(LookupError):
    """The account does not have this sign-in."""


class CannotEnrol(ValueError):
    """The account is disabled, or belongs to another system, which uses a token instead of a password."""


async def add(session: AsyncSession, account: Account, entry: MakeEntry) -> None:
    """Raises NameTaken."""
    await queries.add(session, account)
    await audit.add(session, entry(Action.ACCOUNT_ADDED, objects=[account.account_id]))


async def change(
    session: AsyncSession, account: Account, details: AccountDetails, now: datetime, entry: MakeEntry
) -> bool:
    """Changes the account. The caller must have locked the account's row.

    If the account's rights change, its sessions and tokens end, and the result is True. Raises LastAdministrator.
    """
    if Role.ADMINISTRATOR not in details.roles:
        await keep_an_administrator(session, account, now)
    before, rights = AccountDetails.of(account), accounts.rights(account)
    accounts.change(account, details)
    after = AccountDetails.of(account)
    changed = [field.name for field in fields(after) if getattr(before, field.name) != getattr(after, field.name)]
    if not changed:
        return False
    ends_tokens = accounts.rights(account) != rights
    if ends_tokens:
        await enrolments.withdraw(session, account)
        await outbox.add(session, credentials.end_tokens(account, now + credentials.SECOND))
    action = Action.RIGHTS_CHANGED if ends_tokens else Action.ACCOUNT_CHANGED
    await audit.add(session, entry(action, objects=[account.account_id], reason=f"changed: {', '.join(changed)}"))
    return ends_tokens


async def change_telephone(
    session: AsyncSession, account: Account, telephone: str | None, telephones: Telephones, entry: MakeEntry
) -> None:
    if telephones.of(account) == telephone:
        return
    account.telephone = telephones.seal(telephone, account.account_id) if telephone else None
    await audit.add(session, entry(Action.ACCOUNT_CHANGED, objects=[account.account_id], reason="changed: telephone"))


async def disable(session: AsyncSession, account: Account, now: datetime, entry: MakeEntry) -> None:
    """Disables the account.

    Deletes the account's telephone, because nobody calls the person any more. Raises LastAdministrator.
    """
    await keep_an_administrator(session, account, now)
    account.telephone = None
    await enrolments.withdraw(session, account)
    await outbox.add(session, credentials.disable(account, now))
    await audit.add(session, entry(Action.ACCOUNT_DISABLED, objects=[account.account_id]))


async def enable(session: AsyncSession, account: Account, now: datetime, entry: MakeEntry) -> None:
    await outbox.add(session, credentials.enable(account, now))
    await audit.add(session, entry(Action.ACCOUNT_ENABLED, objects=[account.account_id]))


async def keep_an_administrator(session: AsyncSession, account: Account, now: datetime) -> None:
    """Raises LastAdministrator if the account is the only one with which an administrator can sign in.

    Another administrator who still has the first password does not count, because the first password soon expires.
    """
    if not accounts.is_administrator(account, now):
        return
    await queries.lock_administrators(session)
    others = (other for other in await queries.administrators(session) if other.account_id != account.account_id)
    if not any(accounts.is_administrator(other, now) and not other.must_change for other in others):
        raise LastAdministrator(account.name)


async def issue_link(session: AsyncSession, account: Account, now: datetime, entry: MakeEntry) -> str:
    """Returns the token of a new enrolment link, and ends the account's earlier link. Raises CannotEnrol."""
    if account.disabled_at or accounts.is_integration(account):
        raise CannotEnrol(account.name)
    token = await enrolments.issue(session, account, now)
    await audit.add(session, entry(Action.LINK_ISSUED, objects=[account.account_id]))
    return token


async def end_sign_in(session: AsyncSession, account: Account, jti: UUID, now: datetime, entry: MakeEntry) -> None:
    """Ends one sign-in, all sign-ins of a phone, or a token of another system. Raises SignInNotFound."""
    sign_in = await sign_ins.end(session, account.account_id, jti, now)
    if sign_in is None:
        raise SignInNotFound(jti)
    if sign_in.device:
        await forget(session, account, sign_in.device, now, entry)
    elif sign_in.channel == SubmissionChannel.API:
        await revoke_token(session, jti, now, entry)
    else:
        await outbox.add(session, credentials.revoke_token(jti, now))
        await audit.add(session, entry(Action.SIGNED_OUT, objects=[account.account_id, jti]))


async def forget(session: AsyncSession, account: Account, device: UUID, now: datetime, entry: MakeEntry) -> None:
    """Signs out a phone. Raises SignInNotFound if the account never signed in on this phone."""
    if not await sign_ins.end_device(session, account.account_id, device, now):
        raise SignInNotFound(device)
    await outbox.add(session, credentials.forget(device, now))
    await audit.add(session, entry(Action.DEVICE_FORGOTTEN, objects=[account.account_id, device]))


async def revoke_token(session: AsyncSession, jti: UUID, now: datetime, entry: MakeEntry) -> None:
    """Revokes a token. The token may be missing in the table of sign-ins, if an earlier version of Dayar issued it."""
    await sign_ins.end_token(session, jti, now)
    await outbox.add(session, credentials.revoke_token(jti, now))
    await audit.add(session, entry(Action.RIGHTS_CHANGED, objects=[jti], reason="token-revoked"))
