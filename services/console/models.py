"""The console's tables. A model with the argument `record` has a column for each field of this event model."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from shared.audit import AUDIT
from shared.events.alerts import DeliverySettled, PublishedAlert
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models


class ConsoleModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()


class Account(ConsoleModel):
    __tablename__ = "accounts"
    __table_args__ = (Index("uq_accounts_name", text("lower(name)"), unique=True),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    organisation: Mapped[str | None]
    post: Mapped[str | None]
    language: Mapped[str | None]
    telephone: Mapped[bytes | None]  # encrypted, see `administration/telephones.py`
    team: Mapped[UUID | None]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    sources: Mapped[list[str]]
    password_hash: Mapped[str | None]
    must_change: Mapped[bool] = mapped_column(server_default=false())
    password_until: Mapped[datetime | None]
    password_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    disabled_at: Mapped[datetime | None]
    tokens_valid_from: Mapped[datetime | None]  # tokens issued before this time are revoked
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # the areas of the grant, if this is the account of another system
    hazard_areas: Mapped[list[str]] = mapped_column(server_default="{}")


class Enrolment(ConsoleModel):
    """The newest enrolment link of an account. `token` is the SHA-256 of the token of the link.

    The link is valid until `expires_at`, as long as the account has the stored `state`.
    """

    __tablename__ = "enrolments"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(unique=True)
    state: Mapped[str]
    expires_at: Mapped[datetime]


class SignIn(ConsoleModel):
    """One sign-in, or one token of another system.

    A sign-in begins with the password, and is renewed while the page or phone is in use. A token is never renewed.
    """

    __tablename__ = "sign_ins"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(index=True)
    channel: Mapped[str]
    device: Mapped[UUID | None]
    address: Mapped[str]
    browser: Mapped[str]
    signed_in_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class KnownBrowser(ConsoleModel):
    """A browser or phone that has signed in to the account. `browser` is the SHA-256 of the text that identifies it."""

    __tablename__ = "known_browsers"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    browser: Mapped[bytes] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime]


class SecondFactor(ConsoleModel):
    """The authenticator of an administrator.

    `last_step` is the last time step (of 30 seconds) whose code was accepted.
    """

    __tablename__ = "second_factors"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(BigInteger)
    confirmed_at: Mapped[datetime]


class RecoveryCode(ConsoleModel):
    """A recovery code, which is valid for one use. `code` is the SHA-256 of the code."""

    __tablename__ = "recovery_codes"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[bytes] = mapped_column(primary_key=True)
    used_at: Mapped[datetime | None]


class Notice(ConsoleModel):
    """A notice for administrators or auditors.

    `account` is the name of an existing account, and never text that somebody typed.
    """

    __tablename__ = "notices"

    notice_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    account: Mapped[str | None]
    address: Mapped[str | None]
    figures: Mapped[dict[str, Any]]
    raised_at: Mapped[datetime] = mapped_column(index=True)


class FirstArea(ConsoleModel):
    """The area where a hazard was first reported.

    If the hazard moves, the first area still decides who may read the data of the caller.
    """

    __tablename__ = "first_areas"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    pcodes: Mapped[list[str]]


class BoardHazard(ConsoleModel):
    __tablename__ = "board_hazards"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    scope: Mapped[str] = mapped_column(server_default="Public")
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
    magnitude_type: Mapped[str | None]
    depth_km: Mapped[float | None]
    shaking: Mapped[dict[str, Any] | None]
    pcodes: Mapped[list[str]]
    area: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    shapes: Mapped[dict[str, Any] | None]  # None if the hazard has none, or was stored before migration 0032
    onset: Mapped[datetime] = mapped_column(index=True)
    expires: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(index=True)
    report_id: Mapped[UUID]
    author: Mapped[UUID]
    channel: Mapped[str]
    text: Mapped[dict[str, Any]]
    web: Mapped[str | None]


class BoardRelease(ConsoleModel):
    """The version of a hazard that the public reads. The newest revision of the hazard is in `board_hazards`.

    This version is the newest release, or a Public revision that a restricted revision has replaced. Only for such a
    Public revision, `released_revision` equals `revision`.
    """

    __tablename__ = "board_releases"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    released_revision: Mapped[int] = mapped_column(BigInteger)
    msg_type: Mapped[str]
    severity: Mapped[str]
    certainty: Mapped[str]
    area: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    expires: Mapped[datetime | None]
    text: Mapped[dict[str, Any]]
    author: Mapped[UUID]
    received_at: Mapped[datetime]
    source: Mapped[str | None]  # None if the release was stored before migration 0023
    source_id: Mapped[str | None]
    # Migration 0017 added these columns. They are None in rows that were stored before, if the hazard had changed after
    # its release.
    status: Mapped[str | None]
    type: Mapped[str | None]
    urgency: Mapped[str | None]
    pcodes: Mapped[list[str] | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    onset: Mapped[datetime | None]


class BoardRevision(ConsoleModel):
    """The time of one restricted revision of a hazard.

    A hazard must be released within ten minutes after the first revision that followed the newest release. Further
    revisions do not restart the ten minutes.
    """

    __tablename__ = "board_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime]


class LetterAssignment(ConsoleModel):
    """The person to whom dead letters of one kind are assigned. A kind is a service, a topic and a reason."""

    __tablename__ = "letter_assignments"

    service: Mapped[str] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[UUID]
    assigned_by: Mapped[UUID]
    assigned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BoardHousehold(ConsoleModel):
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
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    registered_at: Mapped[datetime | None]  # None until the event with the time of the registration has arrived
    # Migration 0030 added these columns. In rows that were stored before, `confirmed_at` is None.
    evacuation: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]  # somebody saw the displaced people at this time or earlier on the same day
    is_return_presumed: Mapped[bool] = mapped_column(server_default=false())


class BoardGroup(ConsoleModel):
    """One count of a group; a group may have several counts."""

    __tablename__ = "board_groups"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    stock_id: Mapped[UUID]
    superseded_by: Mapped[UUID | None]
    group_id: Mapped[UUID | None]  # None in rows that were stored before migration 0034
    measure: Mapped[str]
    mobility: Mapped[str]
    persons: Mapped[int]
    persons_estimated: Mapped[bool]
    households: Mapped[int | None]
    household_unit: Mapped[str]
    counted_at: Mapped[datetime]
    origin_pcode: Mapped[str | None]
    origin_country: Mapped[str | None]
    origin_locality: Mapped[str | None]
    origin_locality_pcode: Mapped[str | None]
    destination_pcode: Mapped[str | None]
    destination_country: Mapped[str | None]
    destination_locality: Mapped[str | None]
    destination_locality_pcode: Mapped[str | None]
    site_id: Mapped[UUID | None]
    shelter: Mapped[str]
    reported_at: Mapped[datetime | None]  # None in rows that earlier versions of Dayar wrote
    covers_site: Mapped[bool] = mapped_column(server_default=false())
    is_urgent: Mapped[bool] = mapped_column(server_default=false())
    confirmed_at: Mapped[datetime | None]  # as in `BoardHousehold`
    is_return_presumed: Mapped[bool] = mapped_column(server_default=false())


class BoardSite(ConsoleModel):
    """The names of a site where groups are, and its settlement."""

    __tablename__ = "board_sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    pcode: Mapped[str]
    locality: Mapped[str | None]
    locality_pcode: Mapped[str | None]
    name_ky: Mapped[str | None]
    name_ru: Mapped[str | None]
    name_en: Mapped[str | None]


class BoardAlert(ConsoleModel, record=PublishedAlert, without=("report_id", "hazard_scope", "severity_is_derived")):
    """The state of an alert after its newest event."""

    __tablename__ = "board_alerts"
    __table_args__ = (
        Index("ix_board_alerts_open", "raised_at", postgresql_where=text("resolved_at IS NULL")),
        Index(None, "hazard_id"),
        Index(None, "raised_at", "alert_id"),
        Index(None, "resolved_at"),
    )

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]
    status: Mapped[str]
    reason: Mapped[str]
    figures: Mapped[dict[str, Any]]
    severity: Mapped[str]
    hazard_id: Mapped[UUID | None]
    pcodes: Mapped[list[str]]
    households: Mapped[int | None]
    onset: Mapped[datetime]
    raised_at: Mapped[datetime]
    level: Mapped[int]
    is_suppressed: Mapped[bool]  # whether the newest event is AlertSuppressed
    verification: Mapped[str] = mapped_column(server_default="unverified")
    work: Mapped[str] = mapped_column(server_default="unacknowledged")
    validity: Mapped[str] = mapped_column(server_default="in_force")
    demand: Mapped[str | None]
    is_unseen: Mapped[bool] = mapped_column(server_default=false())
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]
    acknowledgements: Mapped[int | None]
    acknowledgements_needed: Mapped[int | None]
    assigned_at: Mapped[datetime | None]
    assigned_to: Mapped[UUID | None]
    confirmed_at: Mapped[datetime | None]
    progressed_at: Mapped[datetime | None]
    progressed_by: Mapped[UUID | None]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None]


class BoardDelivery(ConsoleModel, record=DeliverySettled):
    __tablename__ = "board_deliveries"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    is_delivered: Mapped[bool]


class SavedFilter(ConsoleModel):
    """A filter of the board's alerts that an account has saved. `query` is the filter as the query of an address."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("account_id", "name"),)

    filter_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    name: Mapped[str]
    query: Mapped[str]


class KeyFigurePart(ConsoleModel):
    """A part of a key figure of the board at an earlier time. All rows with one `taken_at` were recorded together."""

    __tablename__ = "key_figure_parts"

    part_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(index=True)
    figure: Mapped[str]
    severity: Mapped[str | None]
    pcodes: Mapped[list[str]]
    count: Mapped[int]


class ReportOutcome(ConsoleModel):
    """One outcome of a report. If several reports have the same report id, each has its own row."""

    __tablename__ = "board_outcomes"

    outcome_id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    version: Mapped[int]
    consumer: Mapped[str]
    kind: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str]
    reason: Mapped[str | None]
    settled_at: Mapped[datetime] = mapped_column(index=True)


class StoredCaller(ConsoleModel):
    __tablename__ = "callers"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    author: Mapped[UUID]
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sealed: Mapped[bytes]


class CalledReport(ConsoleModel):
    """Maps a report from the console to its hazard. The caller is stored under the id of the report."""

    __tablename__ = "called_reports"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    hazard_id: Mapped[UUID] = mapped_column(index=True)


class CallerReading(ConsoleModel):
    """One read of a caller's data, recorded by an earlier version of Dayar and copied to the security log."""

    __tablename__ = "caller_readings"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    report_id: Mapped[UUID]
    account_id: Mapped[UUID]
    read_at: Mapped[datetime] = mapped_column(server_default=func.now())


class StoredCheck(ConsoleModel):
    """The latest result of one check of the installation."""

    __tablename__ = "checks"

    name: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]
    is_well: Mapped[bool | None]
    figure: Mapped[float | None]
    due_at: Mapped[datetime | None]


class SearchEntry(ConsoleModel):
    """The folded words by which the search finds a row of the board.

    `version` says by which rules the words were made. It is empty if they could not be made.
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
    """A row of the board that changed, so that its words must be made again. Triggers add these rows."""

    __tablename__ = "search_changes"

    change_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    kind: Mapped[str]
    id: Mapped[UUID]


SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
