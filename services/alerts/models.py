"""The alerts service's tables. A table class with a `record` has a column for each field of that dataclass."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.alerts.alerts import Alert
from services.alerts.projections import CountedGroup, Departure, DisplacedHousehold, HeldPeople, ListedSite
from services.alerts.receivers import Contact, Receiver
from shared.audit import AUDIT
from shared.messaging.models import CONSUMER_TABLES
from shared.postgres import models

# Half of each disk page is left free, because PostgreSQL updates a row faster if the new version fits in its page.
COUNTER = {"postgresql_with": {"fillfactor": 50}}


class AlertsModel(models.Base):
    __abstract__ = True
    metadata = models.metadata()


class Hazard(AlertsModel):
    """The newest revision of a hazard; a trigger adds a row to `hazard_changes` for each change."""

    __tablename__ = "hazards"
    __table_args__ = (
        Index("ix_hazards_areas", "areas", postgresql_using="gin", postgresql_where=text("NOT is_cancelled")),
        Index("ix_hazards_ends_at", "ends_at", postgresql_where=text("NOT is_cancelled")),
    )

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    areas: Mapped[list[str]]
    ends_at: Mapped[datetime]
    is_cancelled: Mapped[bool]
    report: Mapped[str]


class HouseholdRow(AlertsModel, record=DisplacedHousehold):
    """Where a household lives, and why it was displaced. Only the previous release reads `occurred_on` and `is_day`."""

    __tablename__ = "households"
    __table_args__ = (
        Index(None, "destination_area", "departed_on"),
        Index("ix_households_hazard_id", "hazard_id", postgresql_where=text("hazard_id IS NOT NULL")),
    )

    household_id: Mapped[UUID] = mapped_column(primary_key=True)
    occurred_on: Mapped[date] = mapped_column(server_default="1900-01-01")
    is_day: Mapped[bool] = mapped_column(server_default=false())
    has_other_cause: Mapped[bool] = mapped_column(server_default=false())
    is_trapped: Mapped[bool] = mapped_column(server_default=false())


class DepartureRow(AlertsModel, record=Departure):
    """A displacement of a household, stored under its report's id."""

    __tablename__ = "departures"
    __table_args__ = (Index(None, "area", "occurred_on"),)

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    household_id: Mapped[UUID] = mapped_column(index=True)
    persons: Mapped[int] = mapped_column(server_default="1")


class CountedGroupRow(AlertsModel, record=CountedGroup):
    """A count of a group. The key is the report's id, because several reports may count the same group."""

    __tablename__ = "counted_groups"
    __table_args__ = (
        Index(None, "origin_area", "departed_on"),
        Index(None, "stock_id"),
        Index("ix_counted_groups_site_id", "site_id", postgresql_where=text("site_id IS NOT NULL")),
    )

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    covers_site: Mapped[bool] = mapped_column(server_default=false())


class SiteRow(AlertsModel, record=ListedSite):
    """The newest version of a site."""

    __tablename__ = "sites"

    site_id: Mapped[UUID] = mapped_column(primary_key=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]


class ReplacedCount(AlertsModel):
    """A count that a recount replaced.

    `sequence` is the sequence of the recount's event. A later event about the replaced count overrides the replacement.
    """

    __tablename__ = "replaced_counts"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int]


class HeldPeopleRow(AlertsModel, record=HeldPeople):
    """The people of a household or group of which only held reports exist."""

    __tablename__ = "held_people"
    __table_args__ = (
        Index(
            "ix_held_people_held_households",
            *("origin_area", "departed_on"),
            postgresql_where=text("is_counted AND stock_id IS NULL"),
        ),
        Index(
            "ix_held_people_held_counts",
            *("origin_area", "departed_on"),
            postgresql_where=text("is_counted AND stock_id IS NOT NULL"),
        ),
        Index(None, "stock_id"),
        Index(None, "subject_id"),
        Index("ix_held_people_ended", "changed_at", postgresql_where=text("NOT is_counted")),
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AlertRow(AlertsModel, record=Alert):
    """The state of an alert."""

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("kind", "status", "area", "situation"),
        Index(None, "raised_at", "alert_id"),
        Index("ix_alerts_area", "area", postgresql_where=text("kind = 'displacement'")),
        Index("ix_alerts_escalates_at", "escalates_at", postgresql_where=text("escalates_at IS NOT NULL")),
        Index(
            "ix_alerts_expires",
            "expires",
            postgresql_where=text(
                "kind <> 'displacement' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL"
            ),
        ),
    )

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    severity: Mapped[str]
    raised_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    is_suppressed: Mapped[bool]
    is_ringing: Mapped[bool] = mapped_column(server_default=false())
    persons_step: Mapped[int] = mapped_column(server_default="0")
    figures: Mapped[str]
    hazard_id: Mapped[UUID | None] = mapped_column(index=True)
    pcodes: Mapped[list[str]]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_note: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class ReceiverRow(AlertsModel, record=Receiver):
    """A receiver of alerts, with its conditions and its first contact.

    The secrets sign the webhooks to this contact.
    """

    __tablename__ = "receivers"
    __table_args__ = (CheckConstraint("step >= 0", name="step"),)

    label: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str]
    wait_seconds: Mapped[int | None]
    is_internal: Mapped[bool] = mapped_column(server_default=false())
    kind: Mapped[str] = mapped_column(server_default="post")
    hazards: Mapped[list[str]] = mapped_column(server_default="{}")
    hours: Mapped[list[str]] = mapped_column(server_default="{}")
    secret: Mapped[bytes | None]
    former_secret: Mapped[bytes | None]


class RemovedReceiver(AlertsModel):
    """When a receiver with this label was removed last. A new receiver with the label has none of its deliveries."""

    __tablename__ = "removed_receivers"

    label: Mapped[str] = mapped_column(primary_key=True)
    removed_at: Mapped[datetime]


class ContactRow(AlertsModel, record=Contact):
    """A further contact of a receiver. A receiver has at most one contact of each channel."""

    __tablename__ = "contacts"

    label: Mapped[str] = mapped_column(ForeignKey("receivers.label", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    wait_seconds: Mapped[int | None]
    position: Mapped[int]
    secret: Mapped[bytes | None]
    former_secret: Mapped[bytes | None]


class Delivery(AlertsModel):
    """One notification of a receiver. While a worker has claimed the delivery, `lease` is set and ends at `due_at`.

    At `next_contact_at` the receiver's next contact is notified, unless this delivery has done. `follows` is the reason
    why this contact was notified after the contact before it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        # the constraint keeps an irregular name, because the previous release uses this name in ON CONFLICT
        UniqueConstraint("alert_id", "step", "recipient", "channel", name="uq_deliveries_once"),
        Index("ix_deliveries_due", "recipient", "due_at", postgresql_where=text("settled_at IS NULL")),
        Index("ix_deliveries_planned_at", "recipient", "planned_at", postgresql_where=text("is_foldable")),
        Index("ix_deliveries_next_contact_at", "next_contact_at", postgresql_where=text("next_contact_at IS NOT NULL")),
        {"postgresql_with": {"fillfactor": 70}},
    )

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID]
    step: Mapped[int]
    recipient: Mapped[str]
    channel: Mapped[str]
    cause: Mapped[str]
    content: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime]
    lease: Mapped[UUID | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    settled_at: Mapped[datetime | None]
    is_delivered: Mapped[bool | None]
    reason: Mapped[str | None]
    is_foldable: Mapped[bool] = mapped_column(server_default=false())
    planned_at: Mapped[datetime | None]
    next_contact_at: Mapped[datetime | None]
    follows: Mapped[str | None]


class AttemptRow(AlertsModel):
    """One attempt of a delivery; `reason` is the code of the receiver's answer or of the failure."""

    __tablename__ = "attempts"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    reason: Mapped[str]


class Act(AlertsModel):
    """One action in an alert's timeline. A row without an account is an action of the system."""

    __tablename__ = "acts"

    act_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    sequence: Mapped[int]
    deed: Mapped[str]
    account_id: Mapped[UUID | None]
    name: Mapped[str | None]
    text: Mapped[str | None]
    acted_at: Mapped[datetime]


class NotificationOmissions(AlertsModel):
    """The receivers that one notification left out. `reasons` is a JSON object that maps labels to reasons."""

    __tablename__ = "notification_omissions"

    alert_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    reasons: Mapped[dict[str, str]] = mapped_column(JSONB)
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class HazardRevision(AlertsModel):
    """One revision of a hazard's report. All revisions are kept."""

    __tablename__ = "hazard_revisions"

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    report: Mapped[str]


class BudgetLift(AlertsModel):
    """A lifted budget. Until `lifted_until`, the source may raise any number of alerts. `account_id` lifted it."""

    __tablename__ = "budget_lifts"

    source: Mapped[str] = mapped_column(primary_key=True)
    lifted_until: Mapped[datetime]
    account_id: Mapped[UUID]


class BoardPresence(AlertsModel):
    """An open board and the time of its last input."""

    __tablename__ = "presences"

    board_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    last_input_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ResidentCount(AlertsModel):
    """How many households live in a district, by mobility. A trigger on `households` updates the rows."""

    __tablename__ = "resident_counts"
    __table_args__ = COUNTER

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    mobility: Mapped[str] = mapped_column(primary_key=True)
    households: Mapped[int]


class DepartureCount(AlertsModel):
    """How many households left a district on the same dates and are now in the same district.

    A trigger on `departures` updates the rows. `moves` lists the departures of these households ("2026-06-15
    displacement"), so that a household with several departures is counted once. `destination` is "" if the place is
    unknown or abroad. The previous release reads the view `departure_counts`, which has no destinations.
    """

    __tablename__ = "departed_by_destination"
    __table_args__ = (
        Index(None, "area", "last_on"),
        Index("ix_departed_by_destination_again", "area", "last_on", postgresql_where=text("cardinality(moves) > 1")),
        COUNTER,
    )

    status: Mapped[str] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True)
    moves: Mapped[list[str]] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(primary_key=True)
    last_on: Mapped[date]
    households: Mapped[int]
    persons: Mapped[int]


class Exposure(AlertsModel):
    """A live hazard and one of its districts. `displaced` counts the district's households that this hazard displaced.

    The `told_…` columns contain the figures of the latest alert; they are None before the first alert. `gone` is the
    reason why the hazard no longer threatens the district.
    """

    __tablename__ = "exposures"
    __table_args__ = COUNTER

    hazard_id: Mapped[UUID] = mapped_column(primary_key=True)
    area: Mapped[str] = mapped_column(primary_key=True, index=True)
    status: Mapped[str]
    hazard_type: Mapped[str]
    origins: Mapped[list[str]]
    departed_from: Mapped[date]
    ends_at: Mapped[datetime]
    displaced: Mapped[int]
    gone: Mapped[str | None]
    told_exposed: Mapped[int | None]
    told_displaced: Mapped[int | None]
    told_sites: Mapped[str | None]
    told_group_persons: Mapped[int] = mapped_column(server_default="0")
    told_group_places: Mapped[str | None]
    told_at: Mapped[datetime | None]


class HazardChange(AlertsModel):
    """A hazard whose exposures must be recounted because the hazard changed. The recount deletes the row."""

    __tablename__ = "hazard_changes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    hazard_id: Mapped[UUID]


class Binding(AlertsModel):
    """A person who may act by messages of a channel. `identity` is the person's id in the channel (a Telegram user id).

    Name, roles and areas are those of the account at `issued_at`. A later change of the account's rights ends the
    binding, as it ends the account's tokens.
    """

    __tablename__ = "bindings"
    __table_args__ = (UniqueConstraint("channel", "account_id"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    name: Mapped[str]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    issued_at: Mapped[datetime]
    bound_at: Mapped[datetime]


class BindingCode(AlertsModel):
    """The unused code of an account, as a keyed digest. The code is valid for 15 minutes from `drawn_at`."""

    __tablename__ = "binding_codes"
    __table_args__ = (UniqueConstraint("digest"),)

    channel: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    name: Mapped[str]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    issued_at: Mapped[datetime]
    drawn_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BindingTries(AlertsModel):
    """How many wrong codes an unbound person has sent since `began_at`."""

    __tablename__ = "binding_tries"

    channel: Mapped[str] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(primary_key=True)
    began_at: Mapped[datetime]
    failures: Mapped[int]


class SmsMessage(AlertsModel):
    """A short message that waits for its receipt, or waited for it. `message_id` is the gateway's."""

    __tablename__ = "sms_messages"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str | None]
    accepted_at: Mapped[datetime]


class SmsCode(AlertsModel):
    """The code with which the short message of a delivery is answered. No number has a code twice within 48 hours."""

    __tablename__ = "sms_codes"
    __table_args__ = (UniqueConstraint("number", "code"),)

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    code: Mapped[str]
    drawn_at: Mapped[datetime]


class SmsReply(AlertsModel):
    """A short message that came from a receiver's number within the last 48 hours. `message_id` is the gateway's."""

    __tablename__ = "sms_replies"
    __table_args__ = (Index(None, "number", "received_at"),)

    message_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    received_at: Mapped[datetime]
    is_wrong: Mapped[bool] = mapped_column(server_default=false())
    is_answered: Mapped[bool] = mapped_column(server_default=false())


class TelegramMessage(AlertsModel):
    """The message of a delivery in a chat. Later messages of the alert answer the receiver's first message."""

    __tablename__ = "telegram_messages"
    __table_args__ = (Index(None, "alert_id", "recipient"), Index(None, "chat_id", "message_id"))

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID]
    recipient: Mapped[str]
    chat_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int] = mapped_column(BigInteger)
    language: Mapped[str]
    sent_at: Mapped[datetime] = mapped_column(server_default=func.now())
    is_digest: Mapped[bool] = mapped_column(server_default=false())


class TelegramQuestion(AlertsModel):
    """A message that asks on whose behalf the alert is acknowledged."""

    __tablename__ = "telegram_questions"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    alert_id: Mapped[UUID]
    language: Mapped[str]
    asked_at: Mapped[datetime]


class TelegramPoll(AlertsModel):
    """Which update of a bot is handled next. `problem` is the code of the reason why Telegram gives no updates."""

    __tablename__ = "telegram_polls"

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    next_update_id: Mapped[int | None] = mapped_column(BigInteger)
    handled_at: Mapped[datetime | None]
    polled_at: Mapped[datetime]
    username: Mapped[str | None]
    problem: Mapped[str | None]


class RosterRow(AlertsModel):
    """A roster; `layers` is the JSON of its layers."""

    __tablename__ = "rosters"

    name: Mapped[str] = mapped_column(primary_key=True)
    layers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class OverrideRow(AlertsModel):
    """A person who is on duty instead of the layers' people."""

    __tablename__ = "roster_overrides"
    __table_args__ = (
        CheckConstraint("ends_at > begins_at", name="order"),
        UniqueConstraint("roster", "uid"),
        Index(None, "roster", "ends_at"),
    )

    override_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    roster: Mapped[str] = mapped_column(ForeignKey("rosters.name", ondelete="CASCADE"))
    person: Mapped[str]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str]
    uid: Mapped[str | None]


SHARED = (*CONSUMER_TABLES, AUDIT, models.INSTALLATION)
