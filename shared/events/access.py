"""Events about revoked and restored credentials. Every web process reads all these events before it is ready."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid5

from shared.events.envelope import EventData
from shared.events.fields import Instant


class CredentialKind(StrEnum):
    TOKEN = "token"  # noqa: S105 - a kind's name, no password
    DEVICE = "device"
    ACCOUNT = "account"


class CredentialRevoked(EventData):
    event_type: ClassVar[str] = "dayar.credential.revoked.v1"
    topic: ClassVar[str] = "access"

    credential_id: UUID
    kind: CredentialKind
    revoked_at: Instant
    # only tokens that were issued before this time are revoked; None means that all tokens are revoked
    issued_before: Instant | None = None

    @property
    def key(self) -> UUID:
        """The key is derived from `credential_id` and `kind`.

        The kind is needed, because a phone could choose the id of an account as its own id.
        """
        return uuid5(self.credential_id, self.kind)


class CredentialRestored(CredentialRevoked):
    event_type: ClassVar[str] = "dayar.credential.restored.v1"


class TeamReadmitted(EventData):
    """Expired field tokens of the team count as valid until the time `until`. Revoked tokens stay revoked."""

    event_type: ClassVar[str] = "dayar.team.readmitted.v1"
    topic: ClassVar[str] = "access"
    key_field: ClassVar[str] = "team"

    team: UUID
    readmitted_at: Instant
    until: Instant
