"""Intake's tables for feeds, in its own schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.postgres.database import Base

Moment = DateTime(timezone=True)


class Feed(Base):
    """The state of one feed (a polled document or an imported file): ETag, last reading and failures."""

    __tablename__ = "feeds"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    etag: Mapped[str | None] = mapped_column(Text)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    failed_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str | None] = mapped_column(Text)
    failures: Mapped[int] = mapped_column(default=0)


class FeedCount(Base):
    """The number of entries with this result: in all readings, and in the last reading."""

    __tablename__ = "feed_counts"

    feed: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int]


class FeedHazard(Base):
    """A hazard as last published."""

    __tablename__ = "feed_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    updated_ms: Mapped[int] = mapped_column(BigInteger)
    preferred: Mapped[str] = mapped_column(Text)
    is_cancelled: Mapped[bool]
    event: Mapped[dict[str, Any]] = mapped_column(JSONB)


class FeedAlias(Base):
    """Every id that the source ever used for a hazard."""

    __tablename__ = "feed_aliases"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    alias: Mapped[str] = mapped_column(Text, primary_key=True)
    hazard_id: Mapped[UUID]


class FeedSetAside(Base):
    """An unreadable entry, with its original content."""

    __tablename__ = "feed_set_aside"

    feed: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    pointer: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime] = mapped_column(Moment)
    last_at: Mapped[datetime] = mapped_column(Moment)
