"""Alerts: the CMC's own notifications. Each event carries the alert as it stands, and `sequence` orders them."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.fields import Data, Instant
from shared.events.vocabulary import (
    Closer,
    DeliveryChannel,
    Demand,
    HazardType,
    Severity,
    Status,
    Validity,
    Verdict,
    Verification,
    Work,
)


class AlertRaised(Data):
    """`rule` and `reason` are codes; `figures` hold what the reason's sentence names (magnitude, count, hours, P-code).

    `demand` is what an operator is asked for now; none where nothing is asked. `is_unseen`: Severe or Extreme, cancelled or
    expired before anybody acknowledged it.
    """

    event_type: ClassVar[str] = "dayar.alert.raised.v1"
    topic: ClassVar[str] = "alerts"

    alert_id: UUID
    sequence: int
    status: Status
    nature: str = "machine"
    rule: str
    reason: str
    figures: dict[str, Any] = Field(default_factory=dict)
    severity: Severity
    hazard_type: HazardType | None = None
    hazard_id: UUID | None = None
    pcodes: tuple[str, ...] = ()
    households: int | None = None
    onset: Instant
    expires: Instant | None = None
    raised_at: Instant
    level: Annotated[int, Field(ge=0)] = 0
    verification: Verification = Verification.UNVERIFIED
    work: Work = Work.UNACKNOWLEDGED
    validity: Validity = Validity.IN_FORCE
    demand: Demand | None = None
    is_unseen: bool = False
    acknowledged_at: Instant | None = None
    acknowledged_by: UUID | None = None
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

    @property
    def key(self) -> UUID:
        return self.alert_id


class AlertUpdated(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.updated.v1"


class AlertAcknowledged(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.acknowledged.v1"


class AlertEscalated(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.escalated.v1"


class AlertConfirmed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.confirmed.v1"


class AlertProgressed(AlertRaised):
    """Somebody works on it."""

    event_type: ClassVar[str] = "dayar.alert.progressed.v1"


class AlertCommented(AlertRaised):
    """The comment itself stays in the alerts service."""

    event_type: ClassVar[str] = "dayar.alert.commented.v1"


class AlertSnoozed(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.snoozed.v1"


class AlertReopened(AlertRaised):
    """Opened anew by a person, or an acknowledgement was taken back: it asks for an acknowledgement again."""

    event_type: ClassVar[str] = "dayar.alert.reopened.v1"


class AlertResolved(AlertRaised):
    event_type: ClassVar[str] = "dayar.alert.resolved.v1"


class AlertSuppressed(AlertRaised):
    """An alert that a rule would have raised, and why it was not (`reason`: too_old, …)."""

    event_type: ClassVar[str] = "dayar.alert.suppressed.v1"


class DeliverySettled(Data):
    """A delivery came to its end: the first that reached this recipient of the alert, or one that reached nobody.

    The address stays in the alerts service; this names only the recipient's label.
    """

    event_type: ClassVar[str] = "dayar.alert.delivery_settled.v1"
    topic: ClassVar[str] = "alerts"

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

    @property
    def key(self) -> UUID:
        return self.alert_id
