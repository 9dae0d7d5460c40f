"""Alerts: the CMC's own notifications. Each event carries the whole alert; `sequence` orders the events."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.envelope import EventData
from shared.events.fields import Data, Instant
from shared.events.vocabulary import (
    Closer,
    DeliveryChannel,
    Demand,
    HazardType,
    Scope,
    Severity,
    Status,
    Validity,
    Verdict,
    Verification,
    Work,
)


class AlertFields(Data):
    """The fields of an alert that the alerts service stores, and that the events publish and the alerts API shows."""

    alert_id: UUID
    sequence: int
    status: Status
    nature: str = "machine"
    rule: str
    reason: str
    figures: dict[str, Any] = Field(default_factory=dict)
    severity: Severity
    severity_is_derived: bool = False
    hazard_type: HazardType | None = None
    hazard_id: UUID | None = None
    # None for an alert without a hazard, or from an earlier release of Dayar
    hazard_scope: Scope | None = None
    pcodes: tuple[str, ...] = ()
    households: int | None = None
    onset: Instant
    expires: Instant | None = None
    raised_at: Instant
    level: Annotated[int, Field(ge=0)] = 0
    acknowledged_at: Instant | None = None
    acknowledged_by: UUID | None = None
    acknowledgements: Annotated[int, Field(ge=0)] | None = None
    acknowledgements_needed: Annotated[int, Field(ge=1)] | None = None
    assigned_at: Instant | None = None
    assigned_by: UUID | None = None
    assigned_to: UUID | None = None
    confirmed_at: Instant | None = None
    confirmed_by: UUID | None = None
    progressed_at: Instant | None = None
    progressed_by: UUID | None = None
    snoozed_until: Instant | None = None
    snoozed_by: UUID | None = None
    reopened_at: Instant | None = None
    reopened_by: UUID | None = None
    resolved_at: Instant | None = None
    resolved_by: UUID | None = None
    closed_by: Closer | None = None
    verdict: Verdict | None = None
    report_id: UUID | None = None


class PublishedAlert(AlertFields):
    """The fields of an alert that the events publish and the alerts API shows."""

    verification: Verification = Verification.UNVERIFIED
    work: Work = Work.UNACKNOWLEDGED
    validity: Validity = Validity.IN_FORCE
    demand: Demand | None = None
    is_unseen: bool = False


class AlertRaised(PublishedAlert, EventData):
    """`rule` and `reason` are codes; `figures` hold the values of the reason's text (magnitude, count, hours, P-code).

    `demand` is the action that an operator must take now, if any. `is_unseen` is true if a Severe or Extreme alert was
    cancelled or expired before anybody acknowledged the alert. `severity_is_derived` is true if Dayar computed the
    severity, because the source of the hazard did not state it. If the step of a policy demands several
    acknowledgements, the alert counts as unacknowledged until `acknowledgements_needed` people have acknowledged it.
    `acknowledgements` is the number of people who have already acknowledged the alert. `assigned_to` is the account
    that must work on the alert; the field is empty as soon as somebody starts work.
    """

    event_type: ClassVar[str] = "dayar.alert.raised.v1"
    topic: ClassVar[str] = "alerts"
    key_field: ClassVar[str] = "alert_id"


class AlertUpdated(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.updated.v1"


class AlertAcknowledged(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.acknowledged.v1"


class AlertEscalated(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.escalated.v1"


class AlertAssigned(AlertRaised):
    """Somebody assigned the alert to a person. The assignment does not change the action that the alert demands."""

    event_type: ClassVar[str] = "dayar.alert.assigned.v1"


class AlertConfirmed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.confirmed.v1"


class AlertProgressed(AlertRaised):
    """Somebody works on the alert."""

    event_type: ClassVar[str] = "dayar.alert.progressed.v1"


class AlertCommented(AlertRaised):
    """The comment itself stays in the alerts service."""

    event_type: ClassVar[str] = "dayar.alert.commented.v1"


class AlertSnoozed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.snoozed.v1"


class AlertReopened(AlertRaised):
    """A person reopened the alert or undid an acknowledgement: the alert needs an acknowledgement again."""

    event_type: ClassVar[str] = "dayar.alert.reopened.v1"


class AlertResolved(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.resolved.v1"


class AlertSuppressed(AlertRaised):
    """An alert that a rule would have raised, with the reason why it was not raised (`reason`: too_old, …)."""

    event_type: ClassVar[str] = "dayar.alert.suppressed.v1"


class DeliverySettled(EventData):
    """The first delivery of the alert to this recipient succeeded, or a delivery failed.

    The address stays in the alerts service; the event has only the recipient's label.
    """

    event_type: ClassVar[str] = "dayar.alert.delivery_settled.v1"
    topic: ClassVar[str] = "alerts"
    key_field: ClassVar[str] = "alert_id"

    alert_id: UUID
    sequence: int
    delivery_id: UUID
    status: Status
    step: int
    recipient: str
    channel: DeliveryChannel
    is_delivered: bool
    attempts: int
    reason: str | None = None
    settled_at: Instant
