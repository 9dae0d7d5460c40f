"""Alerts: the CMC's own notifications.

Each event contains the whole alert. `sequence` gives the order of an alert's events.
"""

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
    """The stored fields of an alert. The events and the alerts API contain these fields."""

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
    # None if the alert has no hazard, or comes from an earlier release of Dayar
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
    """The fields of an alert in the events and in the alerts API: the stored fields, and fields computed from them."""

    verification: Verification = Verification.UNVERIFIED
    work: Work = Work.UNACKNOWLEDGED
    validity: Validity = Validity.IN_FORCE
    demand: Demand | None = None
    is_unseen: bool = False


class AlertRaised(PublishedAlert, EventData):
    """`rule` and `reason` are codes.

    `figures` contains the values for the text of the reason, such as magnitude or count. `demand` is the action that an
    operator must take now, or None. `is_unseen` is true if nobody acknowledged a Severe or Extreme alert before its
    cancellation or expiry. `severity_is_derived` is true if Dayar computed the severity, because the source stated
    none. A step of a policy can demand several acknowledgements. The alert stays unacknowledged until
    `acknowledgements` is equal to `acknowledgements_needed`. `assigned_to` is the account that must begin to work on
    the alert. `assigned_to` becomes None when somebody begins to work on the alert.
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
    """Somebody assigned the alert to a person. An assignment does not change `demand`."""

    event_type: ClassVar[str] = "dayar.alert.assigned.v1"


class AlertConfirmed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.confirmed.v1"


class AlertProgressed(AlertRaised):
    """Somebody works on the alert."""

    event_type: ClassVar[str] = "dayar.alert.progressed.v1"


class AlertCommented(AlertRaised):
    """Somebody commented on the alert. The event leaves out the text of the comment."""

    event_type: ClassVar[str] = "dayar.alert.commented.v1"


class AlertSnoozed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.snoozed.v1"


class AlertReopened(AlertRaised):
    """A person reopened the alert, or undid an acknowledgement. The alert then needs a new acknowledgement."""

    event_type: ClassVar[str] = "dayar.alert.reopened.v1"


class AlertResolved(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.resolved.v1"


class AlertSuppressed(AlertRaised):
    """An alert that a rule would have raised, but that was suppressed. `reason` says why, for example `too_old`."""

    event_type: ClassVar[str] = "dayar.alert.suppressed.v1"


class DeliverySettled(EventData):
    """A delivery of the alert failed, or the first delivery to this recipient succeeded.

    `recipient` is only a label. The event leaves out the recipient's address.
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
