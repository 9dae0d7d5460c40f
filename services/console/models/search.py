"""The words by which the search finds rows of the board."""

from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class SearchEntry(ConsoleModel):
    """The words of a row.

    `version` names the rules that made the words, or is empty if an error prevented the words.
    """

    __tablename__ = "search_entries"
    __table_args__ = (
        Index(None, "words", postgresql_using="gin"),
        Index("ix_search_entries_failed", "kind", postgresql_where=text("version = ''")),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)
    version: Mapped[str]


class SearchChange(ConsoleModel):
    """A changed row whose words must be made again. Triggers of the database add these rows."""

    __tablename__ = "search_changes"

    change_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    id: Mapped[UUID]
