"""Credentials taken away and given back; every web process knows all of them before it is ready."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID, uuid5

from shared.events.fields import Data, Instant


class CredentialKind(StrEnum):
    TOKEN = "token"  # noqa: S105 - a kind's name, no password
    DEVICE = "device"
    ACCOUNT = "account"


class CredentialRevoked(Data):
    event_type: ClassVar[str] = "dayar.credential.revoked.v1"
    topic: ClassVar[str] = "access"

    credential_id: UUID
    kind: CredentialKind
    revoked_at: Instant
    issued_before: Instant | None = None  # tokens issued before this instant alone (a changed password); None = all

    @property
    def key(self) -> UUID:
        """One for each kind: a phone draws its own id, and may draw that of an account."""
        return uuid5(self.credential_id, self.kind)


class CredentialRestored(CredentialRevoked):
    event_type: ClassVar[str] = "dayar.credential.restored.v1"


class TeamReadmitted(Data):
    """The field tokens of a team that have ended are taken as valid until then; a revoked one stays revoked."""

    event_type: ClassVar[str] = "dayar.team.readmitted.v1"
    topic: ClassVar[str] = "access"

    team: UUID
    readmitted_at: Instant
    until: Instant

    @property
    def key(self) -> UUID:
        return self.team
