"""The console's tables."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class ConsoleBase(DeclarativeBase):
    """Times are instants, lists are text arrays, objects are JSONB."""

    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), list[str]: ARRAY(Text), dict[str, Any]: JSONB}


class Account(ConsoleBase):
    __tablename__ = "accounts"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation: Mapped[str | None]
    team: Mapped[UUID | None]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    sources: Mapped[list[str]]
    password_hash: Mapped[str | None]
    must_change: Mapped[bool]
    password_until: Mapped[datetime | None]
    password_changed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    tokens_valid_from: Mapped[datetime | None]  # tokens issued before are ended; None = none are
    created_at: Mapped[datetime]


class SignIn(ConsoleBase):
    """One sign-in: begun with a password, renewed while it is used."""

    __tablename__ = "sign_ins"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    channel: Mapped[str]
    device: Mapped[UUID | None]
    address: Mapped[str]
    browser: Mapped[str]
    signed_in_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KnownBrowser(ConsoleBase):
    """A browser or phone that signed in to the account; `browser` is the SHA-256 of its mark."""

    __tablename__ = "known_browsers"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    browser: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class SecondFactor(ConsoleBase):
    """An administrator's authenticator; `last_step` is the last time step whose code was accepted."""

    __tablename__ = "second_factors"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime]


class RecoveryCode(ConsoleBase):
    """A recovery code, valid for one use; `code` is its SHA-256."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Notice(ConsoleBase):
    """A notice for administrators or auditors; `account` is an existing account's name, never typed text."""

    __tablename__ = "notices"

    notice_id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    account: Mapped[str | None]
    address: Mapped[str | None]
    figures: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime]


class FirstArea(ConsoleBase):
    """The area where a hazard was first reported. It decides who may read the caller, also after an update moves it."""

    __tablename__ = "first_areas"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    pcodes: Mapped[list[str]]


class BoardHazard(ConsoleBase):
    __tablename__ = "board_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int]
    status: Mapped[str]
    msg_type: Mapped[str]
    type: Mapped[str]
    type_text: Mapped[str | None]
    source: Mapped[str]
    source_id: Mapped[str]
    urgency: Mapped[str]
    severity: Mapped[str]
    certainty: Mapped[str]
    magnitude: Mapped[float | None]
    depth_km: Mapped[float | None]
    pcodes: Mapped[list[str]]
    area: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    onset: Mapped[datetime]
    expires: Mapped[datetime | None]
    received_at: Mapped[datetime]
    report_id: Mapped[UUID]
    author: Mapped[UUID]
    channel: Mapped[str]
    text: Mapped[dict[str, Any]]
    web: Mapped[str | None]


class BoardHousehold(ConsoleBase):
    __tablename__ = "board_households"

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]
    persons: Mapped[int]
    mobility: Mapped[str]
    hazard_type: Mapped[str | None]
    occurred_on: Mapped[date]
    registered_at: Mapped[datetime | None]  # None while only corrections of the household are known


class BoardAlert(ConsoleBase):
    __tablename__ = "board_alerts"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    nature: Mapped[str]
    rule: Mapped[str]
    reason: Mapped[str]
    figures: Mapped[dict[str, Any]]
    severity: Mapped[str]
    hazard_type: Mapped[str | None]
    hazard_id: Mapped[UUID | None]
    pcodes: Mapped[list[str]]
    households: Mapped[int | None]
    onset: Mapped[datetime]
    expires: Mapped[datetime | None]
    raised_at: Mapped[datetime]
    level: Mapped[int]
    is_suppressed: Mapped[bool]
    verification: Mapped[str]
    work: Mapped[str]
    validity: Mapped[str]
    demand: Mapped[str | None]
    is_unseen: Mapped[bool]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None]
    progressed_at: Mapped[datetime | None]
    progressed_by: Mapped[UUID | None]
    snoozed_until: Mapped[datetime | None]
    snoozed_by: Mapped[UUID | None]
    reopened_at: Mapped[datetime | None]
    reopened_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]
    closed_by: Mapped[str | None]
    verdict: Mapped[str | None]


class BoardDelivery(ConsoleBase):
    __tablename__ = "board_deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    alert_id: Mapped[UUID]
    status: Mapped[str]
    step: Mapped[int]
    recipient: Mapped[str]
    channel: Mapped[str]
    is_delivered: Mapped[bool]
    attempts: Mapped[int]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime]


class ReportOutcome(ConsoleBase):
    """One outcome of a report. If another report uses the same id, both have their own row."""

    __tablename__ = "board_outcomes"

    outcome_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    version: Mapped[int]
    consumer: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime]


class StoredCaller(ConsoleBase):
    __tablename__ = "callers"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    author: Mapped[UUID]
    noted_at: Mapped[datetime]
    sealed: Mapped[bytes]


class CalledReport(ConsoleBase):
    """The hazard of a report entered at the console; the caller is stored before the hazard arrives."""

    __tablename__ = "called_reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    hazard_id: Mapped[UUID]


class StoredCheck(ConsoleBase):
    """The latest result of one check of the installation."""

    __tablename__ = "checks"

    name: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    is_well: Mapped[bool | None]
    figure: Mapped[float | None]
    due_at: Mapped[datetime | None]
