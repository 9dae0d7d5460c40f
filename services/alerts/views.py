"""The request and response bodies of the alerts API."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.acts.snoozes import LONGEST_MINUTES
from services.alerts.checklists.calls import CallResult
from services.alerts.delivery.listings import AlertState
from shared.events.alerts import PublishedAlert
from shared.events.fields import Body, Instant, Line
from shared.events.vocabulary import Severity, Verdict

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]

# Only Dayar itself sets DOWNGRADED, so people cannot choose it.
VERDICTS = (Verdict.CONFIRMED, Verdict.FALSE_ALARM, Verdict.DUPLICATE, Verdict.EXPIRED, Verdict.CANCELLED)


class OnBehalf(Body):
    """Names the person on whose behalf an operator acknowledges."""

    name: Line
    by: Line = "telephone"
    at: Instant | None = None

    @property
    def note(self) -> BehalfNote:
        return BehalfNote(name=self.name, by=self.by, at=self.at)


class Acknowledgement(Body):
    on_behalf_of: OnBehalf | None = None


class AlertIds(Body):
    """A request about several alerts at once."""

    alert_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]


class SeveralAlerts(AlertIds):
    """A request to act on several alerts at once. Actions on Extreme alerts are refused.

    `seen` maps an alert to its sequence when the caller saw it. If the alert has changed since this sequence, the
    action is refused.
    """

    seen: Annotated[dict[UUID, Annotated[int, Field(ge=0, le=2**31 - 1)]], Field(default_factory=dict, max_length=200)]


class Note(Body):
    note: Words | None = None


class Comment(Body):
    text: Words


class Snooze(Body):
    minutes: Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]
    reason: Words


class Snoozes(Snooze, SeveralAlerts):
    """A request to snooze several alerts for the same time and reason."""


class AlertAssignment(Body):
    """The account of the person who must work on the alert."""

    account_id: UUID
    note: Line | None = None


class Assignments(AlertAssignment, SeveralAlerts):
    """A request to assign several alerts to the same person."""


class Resolution(Body):
    verdict: Verdict
    note: Line | None = None


class Resolutions(Resolution, SeveralAlerts):
    """A request to close several alerts with the same verdict and note."""


class CallReport(Body):
    """A call about the alert, to a duty number or to another post."""

    number_id: UUID | None = None
    post: Line | None = None
    result: CallResult
    agreed: Words | None = None

    @model_validator(mode="after")
    def _has_one_post(self) -> Self:
        if (self.number_id is None) == (self.post is None):
            raise ValueError("either number_id or post is expected")
        return self


class Presence(Body):
    """Says when somebody last used a board. `board_id` is a random UUID of the browser tab."""

    board_id: UUID
    last_input_at: Instant


class Attendance(BaseModel):
    """`is_unattended` is true if no board had input for `unattended_minutes`."""

    is_unattended: bool
    unattended_minutes: float


class AlertView(PublishedAlert):
    """Describes an alert by codes and figures. The page turns codes and figures into text in the reader's language.

    `demand` says what an operator must do now. The demand `action` means that nobody has acted since the
    acknowledgement, or that a snooze is over. The demand `closure` means that the hazard was cancelled or has expired.
    With the demand `closure`, the people who confirmed the alert, or who work on it, must close it. `is_unseen` marks a
    Severe or Extreme alert that nobody acknowledged before its hazard was cancelled or expired. If the hazard
    expired, an `is_unseen` alert still demands an acknowledgement. `closed_by` is `person` (see `resolved_by`),
    `source`, `time` or `rule`.
    """

    model_config = ConfigDict(from_attributes=True)

    state: AlertState
    area: str
    changed_at: datetime
    escalates_at: datetime | None
    acknowledged_name: str | None
    confirmed_name: str | None
    progressed_name: str | None
    snoozed_name: str | None
    reopened_name: str | None
    resolved_name: str | None
    resolved_note: str | None


class AlertPage(BaseModel):
    alerts: list[AlertView]
    next: str | None = None


class DeliveryPage(BaseModel):
    """`not_notified` lists which receivers were not notified of the requested alert, and why."""

    deliveries: list[dict[str, Any]]
    not_notified: list[dict[str, Any]] = []


class NotDone(BaseModel):
    """`reason` says why: already-resolved, one-by-one (for an Extreme alert), suppressed, not-found and others."""

    alert_id: UUID
    reason: str
    name: str | None = None
    at: datetime | None = None


class Assignee(BaseModel):
    """A person to whom an alert can be assigned. `post` is the person's job title."""

    account_id: UUID
    name: str
    post: str | None
    is_on_duty: bool


class Assignees(BaseModel):
    assignees: list[Assignee]


class Acknowledged(BaseModel):
    """The result of acknowledging several alerts."""

    acknowledged: list[AlertView]
    refused: list[NotDone]


class AssignedAlerts(BaseModel):
    """The result of assigning several alerts."""

    assigned: list[AlertView]
    refused: list[NotDone]


class Resolved(BaseModel):
    """The result of closing several alerts."""

    resolved: list[AlertView]
    refused: list[NotDone]


class Snoozed(BaseModel):
    """The result of snoozing several alerts."""

    snoozed: list[AlertView]
    refused: list[NotDone]


class TakenBack(BaseModel):
    """The result of withdrawing the acknowledgements of several alerts."""

    taken_back: list[AlertView]
    refused: list[NotDone]


class TakenOver(BaseModel):
    """The result of taking over several alerts."""

    taken_over: list[AlertView]
    refused: list[NotDone]


class Raised(BaseModel):
    alert_id: UUID
    severity: Severity
    reason: str
    recipients: list[str]


class Followed(BaseModel):
    """The result of a hazard report. If no alert is in force, `text` is the `reason` in the caller's language."""

    is_judged: bool
    alerts: list[Raised] = []
    reason: str | None = None
    text: str | None = None
