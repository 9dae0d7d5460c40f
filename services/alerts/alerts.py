"""An alert in the form in which the service stores it. `transitions.py` has the state changes of alerts."""

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
# The rules have further reasons for which alerts lapse.
CANCELLED, EXPIRED, STATUS_CHANGED = "cancelled", "expired", "status_changed"

IMPACTS = tuple(ImpactLevel)  # The impact levels rise from no deaths to very many deaths.


class Alert(AlertFields):
    """One row of the table `alerts`. Fields declared in this class are not published.

    `step` counts the notifications so far. The inherited `level` counts the escalations. `reached_step` is the id of
    the step that the escalation has reached (`policies/step_ids.py`).

    The alert waits for an action from `waits_since` to `escalates_at`. `first_due_at` is the end of the first waiting
    time after the raise, and people's actions do not change it. `is_ringing` becomes true if nobody acts on an
    acknowledged alert until `escalates_at`, or if the alert lapses while in progress. `persons_step` is the highest
    threshold of displaced persons that receivers were notified of. `duty_heads_at` is the time of the first
    notification of the duty heads after the last step.

    The alert is muted if `silenced_until` equals `escalates_at`. A mute ends with the silence, or with the Extreme
    alert `inhibited_by` (`inhibitions.py`).

    `demanded_sequence` is the alert's sequence when new acknowledgements were demanded: the alert had become graver, or
    had covered new districts. `partly_acknowledged_by` has the accounts that acknowledged before the policy's quorum
    was reached (`quorums.py`).
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
    # `first_due_at` is None if the alert was raised while muted, or by an earlier release.
    first_due_at: Instant | None = None
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
        """No severity was reported or computed, so a person must judge the severity."""
        return self.rule == UNJUDGED_RULE or self.reason == QUAKE_UNJUDGED

    @property
    def is_grave(self) -> bool:
        """An alert of unknown severity counts as grave, because it may turn out to be Severe or Extreme."""
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
        """The alert exceeded the hourly budget of its source, so nobody was notified.

        A person may lift the budget for an hour.
        """
        return self.is_suppressed and self.reason == OVER_BUDGET

    @property
    def is_unseen(self) -> bool:
        """A grave alert that lapsed before an acknowledgement stays on the board."""
        return self.is_over and not (self.is_suppressed or self.is_answered or self.is_ringing)

    @property
    def is_overdue(self) -> bool:
        """An overdue alert still escalates, because the end of a forecast does not say that no hazard occurred."""
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
