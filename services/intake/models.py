"""Intake's tables for feeds and hazards, sent reports and their outcomes, uses of phones' keys, and rows of lists."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from shared.audit import AUDIT
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models


class IntakeModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()


class Feed(IntakeModel):
    """A feed is a polled document or an imported file.

    The feed's name consists of kind, source and address (`Source.feed`).
    """

    __tablename__ = "feeds"

    name: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    etag: Mapped[str | None]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    failures: Mapped[int] = mapped_column(default=0)


class FeedCount(IntakeModel):
    """`kind` is a result of reading an entry."""

    __tablename__ = "feed_counts"

    feed: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int]


class FeedHazard(IntakeModel):
    __tablename__ = "feed_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str]
    updated_ms: Mapped[int] = mapped_column(BigInteger)
    preferred: Mapped[str]
    is_cancelled: Mapped[bool]
    event: Mapped[dict[str, Any]]


class FeedAlias(IntakeModel):
    """A source's id for a hazard, with our id of the hazard. A source can use several ids for a hazard."""

    __tablename__ = "feed_aliases"

    source: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    hazard_id: Mapped[UUID] = mapped_column(ForeignKey(FeedHazard.hazard_id))


class FeedSetAside(IntakeModel):
    __tablename__ = "feed_set_aside"

    feed: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    pointer: Mapped[str]
    content: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class StoredReceipt(IntakeModel):
    """The newest outcome of one version of a report.

    `outcome_id` is None for an outcome that an earlier release stored.
    """

    __tablename__ = "receipts"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    author: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime]
    outcome_id: Mapped[UUID | None]
    replaces: Mapped[UUID | None]


class AlertedReport(IntakeModel):
    """A report that was followed by an alert. The report's own outcome may arrive after the alert."""

    __tablename__ = "alerted_reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    alerted_at: Mapped[datetime]


class SentReport(IntakeModel):
    """The newest version of a report that an account of the desk sent.

    The author's list reads these rows to show reports without an outcome. `subject_id` is the household, group, site or
    hazard. `subject_id` is None if the report names the household only by a short code. `line` is the number of the row
    in the imported file, or None.
    """

    __tablename__ = "sent_reports"

    author: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    kind: Mapped[str]
    channel: Mapped[str]
    subject_id: Mapped[UUID | None]
    is_outside: Mapped[bool]
    line: Mapped[int | None]
    sent_at: Mapped[datetime]


class PhoneKeyUse(IntakeModel):
    __tablename__ = "phone_key_uses"

    kid: Mapped[str] = mapped_column(primary_key=True)
    used_at: Mapped[datetime]


class PrivateHazard(IntakeModel):
    __tablename__ = "private_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)


class RecentHazard(IntakeModel):
    """The newest revision of a hazard that intake may propose as the reason why people left.

    Old rows are deleted by `noted_at`. A cancelled hazard is stored too: an older revision that comes late must not
    undo the cancellation.
    """

    __tablename__ = "recent_hazards"
    __table_args__ = (Index(None, "areas", postgresql_using="gin"),)

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    scope: Mapped[str]
    type: Mapped[str]
    severity: Mapped[str]
    areas: Mapped[list[str]]
    onset: Mapped[datetime]
    is_cancelled: Mapped[bool]
    noted_at: Mapped[datetime]


class SentRow(IntakeModel):
    """A row of a sheet that an account sent as a report.

    `report_id` is an HMAC of the row. Of two concurrent requests with the same row, only the one that inserts the
    primary key sends the row.
    """

    __tablename__ = "sheet_rows"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    author: Mapped[UUID]
    sent_at: Mapped[datetime]


class SentHead(IntakeModel):
    """The head of a household in a sheet that was sent.

    `head_id` is an HMAC of the head and the day. Each head is stored with the account as `sender`. If the account has a
    team, the head is stored a second time, with the team as `sender`. `report_id` is the report about the household,
    and `pcode` is the place of the household. `report_id` and `pcode` are None in rows of an earlier release.
    """

    __tablename__ = "sheet_heads"

    head_id: Mapped[UUID] = mapped_column(primary_key=True)
    sender: Mapped[UUID] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime]
    report_id: Mapped[UUID | None]
    pcode: Mapped[str | None]


SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
