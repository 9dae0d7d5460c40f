"""The words by which the search finds rows of the board."""

from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from services.console.models.base import ConsoleModel


class SearchEntry(ConsoleModel):
    """`version` names the rules by which the words were made, and is empty after an error."""

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
    """Triggers of the database add the rows of this table."""

    __tablename__ = "search_changes"

    change_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    id: Mapped[UUID]
