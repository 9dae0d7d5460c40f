"""An alert, as the service stores it. `transitions.py` has the state changes of alerts."""

from typing import NamedTuple
from uuid import UUID

from pydantic import ConfigDict

from services.alerts.rules.findings import OVER_BUDGET, QUAKE_UNJUDGED, RANK, UNJUDGED_RULE, RuleKind
from shared import events
from shared.events import AlertRaised, Message
from shared.events.alerts import AlertFields
from shared.events.fields import Instant
from shared.events.vocabulary import Demand, ImpactLevel, Severity, Validity, Verdict, Verification, Work

SOURCE = "/alerts"
# rules give further reasons why an alert lapses
CANCELLED, EXPIRED, STATUS_CHANGED = "cancelled", "expired", "status_changed"

IMPACTS = tuple(ImpactLevel)  # the impact levels in order, from no deaths to very many deaths


class Alert(AlertFields):
    """One row of the table `alerts`. The fields that this class itself declares are not published.

    `step` is the number of notifications so far, and the inherited `level` is the number of escalations.
    `reached_step` is the id of the step that the escalation has reached (`policies/step_ids.py`).

    From `waits_since` to `escalates_at`, the alert waits for an action. `first_due_at` is the end of the first waiting
    time after the raise, and later actions of people do not change `first_due_at`. `is_ringing` becomes true if nobody
    acts on an acknowledged alert before `escalates_at`, or if the alert lapses while people work on it. `persons_step`
    is the highest threshold of displaced persons for which receivers were notified. `duty_heads_at` is the time at
    which the duty heads were first notified after the last step.

    If `silenced_until` equals `escalates_at`, the alert is muted. A muted alert waits for the end of the silence or
    of the Extreme alert `inhibited_by` (`inhibitions.py`).

    `demanded_sequence` is the sequence at which new acknowledgements were demanded, because the alert became graver
    or covered new districts. `partly_acknowledged_by` are the accounts that acknowledged while the step of a policy
    demanded more acknowledgements (`quorums.py`).
    """

    model_config = ConfigDict(extra="forbid")

    kind: RuleKind
    area: str
    situation: str
    changed_at: Instant
    is_suppressed: bool = False
    is_lapsed: bool = False
    step: int = 0
    reached_step: UUID | None = None
    escalates_at: Instant | None = None
    waits_since: Instant | None = None
    first_due_at: Instant | None = None  # None if the alert was raised while muted, or by an earlier release
    duty_heads_at: Instant | None = None
    silenced_until: Instant | None = None
    inhibited_by: UUID | None = None
    is_ringing: bool = False
    persons_step: int = 0
    demanded_sequence: int = 0
    partly_acknowledged_by: tuple[UUID, ...] = ()
    acknowledged_name: str | None = None
    acknowledged_note: str | None = None
    assigned_name: str | None = None
    confirmed_name: str | None = None
    progressed_name: str | None = None
    snoozed_name: str | None = None
    reopened_name: str | None = None
    resolved_name: str | None = None
    resolved_note: str | None = None

    @property
    def is_unjudged(self) -> bool:
        """A person must judge the severity if no severity was reported or computed."""
        return self.rule == UNJUDGED_RULE or self.reason == QUAKE_UNJUDGED

    @property
    def is_grave(self) -> bool:
        """Unknown severity counts as grave, because the alert may turn out to be Severe or Extreme."""
        return self.severity is Severity.UNKNOWN or self.is_unjudged or RANK[self.severity] > RANK[Severity.MODERATE]

    @property
    def is_silenced(self) -> bool:
        return self.escalates_at is not None and self.escalates_at == self.silenced_until

    @property
    def is_answered(self) -> bool:
        return self.acknowledged_at is not None or self.resolved_at is not None

    @property
    def verification(self) -> Verification:
        if self.verdict in (Verdict.FALSE_ALARM, Verdict.DUPLICATE):
            return Verification(self.verdict.value)
        is_confirmed = self.confirmed_at is not None or self.verdict is Verdict.CONFIRMED
        return Verification.CONFIRMED if is_confirmed else Verification.UNVERIFIED

    @property
    def work(self) -> Work:
        if self.resolved_at is not None:
            return Work.CLOSED
        if self.progressed_at is not None:
            return Work.IN_PROGRESS
        if self.acknowledged_at is not None:
            return Work.ACKNOWLEDGED
        return Work.UNACKNOWLEDGED if self.reopened_at is None else Work.REOPENED

    @property
    def validity(self) -> Validity:
        if not self.is_lapsed:
            return Validity.IN_FORCE
        return Validity(self.reason) if self.reason in (CANCELLED, EXPIRED) else Validity.DOWNGRADED

    @property
    def demand(self) -> Demand | None:
        if self.is_suppressed or self.resolved_at is not None:
            return None
        if self.is_ringing:
            return Demand.CLOSURE if self.is_over else Demand.ACTION
        is_asked = self.escalates_at is not None if self.is_overdue else not self.is_over
        return Demand.ACKNOWLEDGEMENT if is_asked and self.acknowledged_at is None else None

    @property
    def is_withheld(self) -> bool:
        """An alert that exceeds its source's hourly budget is withheld. People may lift the budget."""
        return self.is_suppressed and self.reason == OVER_BUDGET

    @property
    def is_unseen(self) -> bool:
        """The board still lists a grave alert that lapsed before anybody acknowledged the alert."""
        return self.is_over and not (self.is_suppressed or self.is_answered or self.is_ringing)

    @property
    def is_overdue(self) -> bool:
        """An overdue alert still escalates, because a forecast that ended does not say that no hazard occurred."""
        return self.is_over and self.validity is Validity.EXPIRED and self.is_grave and not self.is_answered

    @property
    def is_over(self) -> bool:
        return self.is_lapsed and self.reopened_by is None

    @property
    def is_worked_on(self) -> bool:
        return self.confirmed_at is not None or self.progressed_at is not None

    @property
    def state(self) -> str:
        if self.is_suppressed:
            return "suppressed"
        if self.resolved_at is not None:
            return "resolved"
        return "open" if self.acknowledged_at is None else "acknowledged"

    def event(self, event: type[AlertRaised]) -> Message:
        data = event.model_validate(self, from_attributes=True)
        id = events.derived_id("alert", self.alert_id, self.sequence)
        return events.message(data, id=id, source=SOURCE, time=self.changed_at)


class UnreadableAlert(NamedTuple):
    alert_id: UUID
    sequence: int
    step: int
