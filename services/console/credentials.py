"""Credentials taken away and given back: the events on `access` that every web process obeys."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from services.console.accounts import INTEGRATION
from services.console.models import Account
from shared import events
from shared.auth import Principal
from shared.events import CredentialKind, CredentialRestored, CredentialRevoked, Message

SOURCE = "/console"
SECOND = timedelta(seconds=1)  # as fine as a token says when it was issued


def sign_out(principal: Principal, now: datetime) -> Message:
    return _message(CredentialRevoked(credential_id=principal.jti, kind=CredentialKind.TOKEN, revoked_at=now))


def revoke_token(jti: UUID, now: datetime) -> Message:
    return _message(CredentialRevoked(credential_id=jti, kind=CredentialKind.TOKEN, revoked_at=now))


def disable(account: Account, now: datetime) -> Message:
    return _message(CredentialRevoked(credential_id=account.account_id, kind=CredentialKind.ACCOUNT, revoked_at=now))


def enable(account: Account, now: datetime) -> Message:
    """Tokens live again, but for those from before a changed password, while any of them can still be valid."""
    if now - account.password_changed_at < INTEGRATION + timedelta(days=1):
        return end_tokens(account, account.password_changed_at)
    return _message(CredentialRestored(credential_id=account.account_id, kind=CredentialKind.ACCOUNT, revoked_at=now))


def end_tokens(account: Account, now: datetime) -> Message:
    """Tokens issued before this second end; the one that follows the change is issued in it."""
    second = now.replace(microsecond=0)
    return _message(
        CredentialRevoked(
            credential_id=account.account_id, kind=CredentialKind.ACCOUNT, revoked_at=now, issued_before=second
        )
    )


def _message(change: CredentialRevoked) -> Message:
    return events.message(change, id=uuid4(), source=SOURCE, time=change.revoked_at)
