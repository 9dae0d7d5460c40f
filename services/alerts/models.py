"""The tables that are declared as SQLAlchemy models; older tables are defined only in the migrations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, DateTime, Identity, MetaData, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.postgres import database


class AlertsBase(DeclarativeBase):
    metadata = MetaData(naming_convention=database.NAMES)
    type_annotation_map = {datetime: DateTime(timezone=True), str: Text, list[str]: ARRAY(Text)}  # noqa: RUF012 - as SQLAlchemy reads it


class Act(AlertsBase):
    """One act in an alert's timeline; without an account the system acted."""

    __tablename__ = "acts"

    act_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    sequence: Mapped[int]
    deed: Mapped[str]
    account_id: Mapped[UUID | None]
    name: Mapped[str | None]
    text: Mapped[str | None]
    acted_at: Mapped[datetime]


class NotificationOmissions(AlertsBase):
    """The receivers that one notification of an alert left out: `reasons` is a JSON object, reason by label."""

    __tablename__ = "notification_omissions"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    reasons: Mapped[dict[str, str]] = mapped_column(JSONB)
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HazardRevision(AlertsBase):
    """Every revision of a hazard's report."""

    __tablename__ = "hazard_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report: Mapped[str]


class BudgetLift(AlertsBase):
    """Until `lifted_until` the source has no budget; `account_id` lifted it."""

    __tablename__ = "budget_lifts"

    source: Mapped[str] = mapped_column(primary_key=True)
    lifted_until: Mapped[datetime]
    account_id: Mapped[UUID]


class BoardPresence(AlertsBase):
    """An open board and the time of its last input."""

    __tablename__ = "presences"

    board_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    last_input_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ResidentCount(AlertsBase):
    """How many households live in a district, by mobility; a trigger on `households` maintains it."""

    __tablename__ = "resident_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    mobility: Mapped[str] = mapped_column(primary_key=True)
    households: Mapped[int]


class DepartureCount(AlertsBase):
    """How many households left a district on these dates; a trigger on `departures` maintains it.

    `moves` lists all departures of a household from it ("2026-06-15 displacement"), so that none is counted twice.
    """

    __tablename__ = "departure_counts"

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    moves: Mapped[list[str]] = mapped_column(primary_key=True)
    last_on: Mapped[date]
    households: Mapped[int]


class Exposure(AlertsBase):
    """A live hazard over one district. `displaced`: households living there that this hazard displaced.

    `told_…` are the figures in its alerts, None before the first; `gone` is why the hazard no longer threatens it.
    """

    __tablename__ = "exposures"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    hazard_type: Mapped[str]
    origins: Mapped[list[str]]
    departed_from: Mapped[date]
    ends_at: Mapped[datetime]
    displaced: Mapped[int]
    gone: Mapped[str | None]
    told_exposed: Mapped[int | None]
    told_displaced: Mapped[int | None]
    told_at: Mapped[datetime | None]


class HazardChange(AlertsBase):
    """A hazard whose exposures must be recounted at its newest revision; the row is deleted when that is done."""

    __tablename__ = "hazard_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    hazard_id: Mapped[UUID]
