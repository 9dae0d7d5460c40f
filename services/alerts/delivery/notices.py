"""Says what a delivery contains, and why the receiver is notified."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec
from pydantic import BaseModel

from services.alerts.alerts import Alert
from services.alerts.delivery.words import HazardWords, with_words
from services.alerts.receivers.receivers import Receiver
from shared import events, tracing
from shared.events import (
    AlertAcknowledged,
    AlertAssigned,
    AlertEscalated,
    AlertRaised,
    AlertReopened,
    AlertResolved,
    AlertUpdated,
    Message,
)
from shared.events.vocabulary import DeliveryChannel, Scope, Validity

FOLDED_WITHIN = timedelta(minutes=2)
# After this number of messages to a receiver in an hour, by all channels together, further messages wait longer and are
# combined. With this limit, a receiver that gets each alert by three channels gets at most 38 messages in an hour.
MANY_MESSAGES, FOLDED_WITHIN_IF_MANY = 20, timedelta(minutes=10)
COUNTED_WITHIN = timedelta(hours=1)
TRIAL_RULE = "test"
FOLDABLE = frozenset({DeliveryChannel.EMAIL, DeliveryChannel.TELEGRAM, DeliveryChannel.SMS})


class Cause(StrEnum):
    RAISED = "raised"
    UPDATED = "updated"
    WIDENED = "widened"
    MORE_CASUALTIES = "more_casualties"
    GROWN = "grown"
    LAPSED = "lapsed"
    RETURNED = "returned"
    ESCALATED = "escalated"
    STALLED = "stalled"
    WOKEN = "woken"
    ABSENT = "absent"
    UNSILENCED = "unsilenced"
    UNINHIBITED = "uninhibited"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    TAKEN_OVER = "taken_over"
    REOPENED = "reopened"
    RESOLVED = "resolved"


# Messages with these causes are sent even for a muted alert.
UNMUTED = frozenset(
    {Cause.LAPSED, Cause.ACKNOWLEDGED, Cause.ASSIGNED, Cause.TAKEN_OVER, Cause.REOPENED, Cause.RESOLVED}
)
# If a first message about an alert has one of these causes, the message does not call the alert new.
RISING = frozenset({Cause.ESCALATED, Cause.STALLED, Cause.WOKEN, Cause.ABSENT})
# Messages with these causes concern their receiver alone. A message about a graver alert must not replace messages with
# these causes.
UNREPLACED = frozenset({Cause.ASSIGNED, Cause.TAKEN_OVER})


class Follows(StrEnum):
    FAILED = "failed"
    NO_RESULT = "no_result"
    UNANSWERED = "unanswered"


EVENTS: Mapping[Cause, type[AlertRaised]] = {
    Cause.RAISED: AlertRaised,
    Cause.UPDATED: AlertUpdated,
    Cause.WIDENED: AlertUpdated,
    Cause.MORE_CASUALTIES: AlertUpdated,
    Cause.GROWN: AlertUpdated,
    Cause.LAPSED: AlertUpdated,
    Cause.RETURNED: AlertUpdated,
    Cause.ESCALATED: AlertEscalated,
    Cause.STALLED: AlertEscalated,
    Cause.WOKEN: AlertEscalated,
    Cause.ABSENT: AlertEscalated,
    Cause.UNSILENCED: AlertEscalated,
    Cause.UNINHIBITED: AlertEscalated,
    Cause.ACKNOWLEDGED: AlertAcknowledged,
    Cause.ASSIGNED: AlertAssigned,
    Cause.TAKEN_OVER: AlertUpdated,
    Cause.REOPENED: AlertReopened,
    Cause.RESOLVED: AlertResolved,
}


@dataclass(frozen=True, slots=True)
class PlannedDelivery:
    """Every attempt sends the same content, with `delivery_id` as the `webhook-id`."""

    delivery_id: UUID
    alert_id: UUID
    step: int
    recipient: str
    channel: str  # The value is a DeliveryChannel, or a channel that only a later release of Dayar knows.
    cause: str  # The value is a Cause, or a cause of a later release, copied from the delivery to an earlier contact.
    content: str
    created_at: datetime
    due_in: timedelta = timedelta()
    hazard_id: UUID | None = None
    is_foldable: bool = False  # If `is_foldable` is true, the message may wait and be combined with other messages.
    is_internal: bool = False  # If `is_internal` is true, the receiver also gets texts of hazards that are not Public.
    next_contact_in: timedelta | None = None  # After this time, the receiver's next contact is notified.
    follows: Follows | None = None
    # The places of the alert. A message that may wait has no places.
    places: frozenset[str] = frozenset()
    site_ids: tuple[UUID, ...] = ()
    traceparent: str | None = field(default_factory=tracing.current, compare=False)

    COLUMNS: ClassVar = (
        "delivery_id",
        "alert_id",
        "step",
        "recipient",
        "channel",
        "cause",
        "content",
        "created_at",
        "is_foldable",
        "follows",
        "traceparent",
    )

    @property
    def slot(self) -> tuple[str, str]:
        return self.recipient, self.channel


class WordsOfContent(BaseModel):
    hazard: HazardWords | None = None


class Content(WordsOfContent):
    """`data` is the state of the alert since `timestamp`."""

    timestamp: datetime | None = None
    data: AlertRaised


def is_foldable(alert: Alert, channel: str) -> bool:
    """Mails, Telegram messages and SMS about an alert of Moderate or below may wait.

    If the severity is Unknown, or if a person must judge the severity, the message may not wait.
    """
    return channel in FOLDABLE and not alert.is_grave


@dataclass
class Notices:
    """Makes the events and the deliveries of a transaction's alerts.

    Webhooks and the Kafka topic must get one and the same event, so the event is made only once.
    """

    now: datetime
    _last: tuple[Alert, type[AlertRaised], Message] | None = None

    def event(self, alert: Alert, event: type[AlertRaised]) -> Message:
        if self._last is None or self._last[0] is not alert or self._last[1] is not event:
            self._last = alert, event, alert.event(event)
        return self._last[2]

    def deliveries(
        self, alert: Alert, causes: Sequence[tuple[Receiver, Cause]], due_in: timedelta
    ) -> list[PlannedDelivery]:
        contents = {
            cause: content_of(alert, cause, self.event(alert, event_of(alert, cause)))
            for cause in dict.fromkeys(cause for _, cause in causes)
        }
        return [self._delivery(alert, receiver, cause, contents[cause], due_in) for receiver, cause in causes]

    def _delivery(
        self, alert: Alert, receiver: Receiver, cause: Cause, content: str, due_in: timedelta
    ) -> PlannedDelivery:
        may_wait = is_foldable(alert, receiver.channel)
        return PlannedDelivery(
            delivery_id=events.derived_id("delivery", alert.alert_id, alert.step, receiver.label, receiver.channel),
            alert_id=alert.alert_id,
            step=alert.step,
            recipient=receiver.label,
            channel=receiver.channel,
            cause=cause,
            content=content,
            created_at=self.now,
            due_in=due_in,
            hazard_id=alert.hazard_id,
            is_foldable=may_wait,
            is_internal=receiver.is_internal,
            next_contact_in=None if receiver.wait_seconds is None else timedelta(seconds=receiver.wait_seconds),
            places=frozenset(() if may_wait else alert.pcodes),
            site_ids=tuple(map(UUID, alert.figures.get("sites", ()))) if receiver.is_internal else (),
        )


def is_open(alert: AlertRaised) -> bool:
    """A test message is not about a real alert, so it is never open."""
    is_over = alert.validity is not Validity.IN_FORCE and alert.demand is None
    return alert.resolved_at is None and not is_over and alert.rule != TRIAL_RULE


def event_of(alert: Alert, cause: Cause) -> type[AlertRaised]:
    return AlertResolved if alert.resolved_at is not None else EVENTS[cause]


def content_of(alert: Alert, cause: Cause, message: Message | None = None) -> str:
    """Standard Webhooks requires a type, a timestamp and data.

    `message` is the event of the alert. If `message` is None, the event is built here.
    """
    event = event_of(alert, cause)
    data = msgspec.Raw((message or alert.event(event)).value)
    body = {"type": event.event_type, "timestamp": alert.changed_at.isoformat(), "data": data}
    return msgspec.json.encode(body).decode()


class TrialData(msgspec.Struct):
    rule: str = ""


class TrialContent(msgspec.Struct):
    """Parses only the field that says whether this is a test message."""

    data: TrialData = msgspec.field(default_factory=TrialData)


def is_trial(content: str) -> bool:
    return msgspec.json.decode(content, type=TrialContent).data.rule == TRIAL_RULE


def page_of(alert_id: UUID, public_url: str) -> str:
    """Returns the address of the page of an alert, which staff open after signing in."""
    return f"{public_url}/alerts/{alert_id}"


def with_page(content: str, alert_id: UUID, public_url: str) -> str:
    members = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    page = msgspec.Raw(msgspec.json.encode(page_of(alert_id, public_url)))
    return msgspec.json.encode({**members, "page": page}).decode()


class ScopeOfHazard(msgspec.Struct):
    scope: str | None = None
    sites: tuple[msgspec.Raw, ...] = ()


class ScopedContent(msgspec.Struct):
    hazard: ScopeOfHazard | None = None

    @property
    def is_public(self) -> bool:
        return self.hazard is None or (self.hazard.scope == Scope.PUBLIC and not self.hazard.sites)


def without_restricted_words(content: str) -> str:
    if msgspec.json.decode(content, type=ScopedContent).is_public:
        return content
    words = WordsOfContent.model_validate_json(content).hazard
    permitted = words and words.for_receiver(is_internal=False)
    return content if permitted == words else with_words(content, permitted)


def plan(
    foldable: Iterable[PlannedDelivery],
    known: Mapping[tuple[str, str], datetime],
    messages: Mapping[str, int],
    now: datetime,
) -> dict[UUID, datetime]:
    """`known` maps a receiver and channel to the latest planned time within the last hour.

    `messages` maps a receiver to the number of combined messages of the last hour, by all channels.
    """
    newest, counts, planned = dict(known), Counter(messages), dict[UUID, datetime]()
    for delivery in foldable:
        last, earliest = newest.get(delivery.slot), now + delivery.due_in
        if last is None or last <= earliest:
            within = FOLDED_WITHIN if counts[delivery.recipient] < MANY_MESSAGES else FOLDED_WITHIN_IF_MANY
            last = earliest if last is None else max(last + within, earliest)
            counts[delivery.recipient] += 1
        newest[delivery.slot] = planned[delivery.delivery_id] = last
    return planned
