"""A handover from one shift to the next."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

LONGEST_NOTES = 2000


@dataclass(frozen=True, slots=True)
class ShiftHandover:
    """`areas` are those of the person who hands over. Only a person with exactly these areas can read the notes.

    `notes` is None if the stored notes cannot be decrypted, for example after the loss of their key.
    """

    handover_id: UUID
    handed_over_at: datetime
    from_account: UUID
    from_name: str
    to_account: UUID
    to_name: str
    areas: tuple[str, ...]
    notes: str | None


def label(handover_id: UUID) -> str:
    """The AAD binds the encrypted notes to this handover, so that they cannot be moved to another one."""
    return f"shift handover/{handover_id}"
