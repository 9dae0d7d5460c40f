"""The openings of dead letters by people."""

from sqlalchemy.orm import Mapped

from services.registry.models.base import RegistryModel
from shared.messaging.models import Decision, OfLetter


class LetterOpening(Decision, OfLetter, RegistryModel):
    """A request to read a dead letter. Only the worker can decrypt the letter. It stores the content for the reader.

    `sealed` is the content, encrypted with a separate key, and `wrapped` is this key in wrapped form. The row is
    deleted when the content has been read, or after some minutes.
    """

    __tablename__ = "letter_openings"

    kek_id: Mapped[str | None]
    wrapped: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
