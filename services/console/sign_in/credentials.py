"""The events that revoke and restore credentials. All web processes read these events from the topic `access`."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.console.models import Account
from shared import events
from shared.auth.tokens import Principal
from shared.events import CredentialKind, CredentialRevoked, Message, TeamReadmitted

SOURCE = "/console"
SECOND = timedelta(seconds=1)  # the time of issue in a token has no fractions of a second


def sign_out(principal: Principal, now: datetime) -> Message:
    return _message(CredentialRevoked(credential_id=principal.jti, kind=CredentialKind.TOKEN, revoked_at=now))


def revoke_token(jti: UUID, now: datetime) -> Message:
    return _message(CredentialRevoked(credential_id=jti, kind=CredentialKind.TOKEN, revoked_at=now))


def disable(account: Account, now: datetime) -> Message:
    """Disables the account, and ends all its tokens, including tokens issued in this second."""
    account.disabled_at = now
    _end_before(account, now + SECOND)
    return _message(CredentialRevoked(credential_id=account.account_id, kind=CredentialKind.ACCOUNT, revoked_at=now))


def enable(account: Account, now: datetime) -> Message:
    """Enables the account. Tokens issued before remain revoked."""
    _end_before(account, (account.disabled_at or now) + SECOND)
    account.disabled_at = None
    return _ended(account, now, account.tokens_valid_from or now)


def end_tokens(account: Account, now: datetime) -> Message:
    """Ends the tokens issued before this second.

    The new token of a password change, issued in this second, stays valid.
    """
    _end_before(account, now)
    return _ended(account, now, account.tokens_valid_from or now)


def forget(device: UUID, now: datetime) -> Message:
    """Ends the tokens of a lost phone. A sign-in with the password makes the phone valid again."""
    before = (now + SECOND).replace(microsecond=0)
    return _message(
        CredentialRevoked(credential_id=device, kind=CredentialKind.DEVICE, revoked_at=now, issued_before=before)
    )


def readmit(team: UUID, now: datetime, until: datetime) -> Message:
    """Makes the expired tokens of a team's phones valid until `until`."""
    change = TeamReadmitted(team=team, readmitted_at=now, until=until)
    return events.message(change, id=uuid4(), source=SOURCE, time=now)


def _end_before(account: Account, moment: datetime) -> None:
    second = moment.replace(microsecond=0)
    account.tokens_valid_from = max(second, account.tokens_valid_from or second)


def _ended(account: Account, now: datetime, valid_from: datetime) -> Message:
    return _message(
        CredentialRevoked(
            credential_id=account.account_id, kind=CredentialKind.ACCOUNT, revoked_at=now, issued_before=valid_from
        )
    )


def _message(change: CredentialRevoked) -> Message:
    return events.message(change, id=uuid4(), source=SOURCE, time=change.revoked_at)
