"""The tables that are declared as SQLAlchemy models; the older ones are in the migrations alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Identity, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import database


class Base(DeclarativeBase):
    metadata = database.Base.metadata.__class__(naming_convention=database.NAMES)
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text}  # noqa: RUF012 - as SQLAlchemy reads it


class Act(Base):
    """One line of an alert's timeline; without an account it is the system's own."""

    __tablename__ = "acts"

    act_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    sequence: Mapped[int]
    deed: Mapped[str]
    account_id: Mapped[UUID | None]
    name: Mapped[str | None]
    text: Mapped[str | None]
    acted_at: Mapped[datetime]


class Presence(Base):
    """A board that somebody has open, and when it was last touched."""

    __tablename__ = "presences"

    board_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    last_input_at: Mapped[datetime]
    seen_at: Mapped[datetime]
