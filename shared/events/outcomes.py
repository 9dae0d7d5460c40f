"""The outcome of each report, published by the consumer that is responsible for it."""

from typing import ClassVar
from uuid import UUID

from shared.events.envelope import EventData
from shared.events.fields import Clear
from shared.events.vocabulary import OutcomeKind, ReportKind, Status


class ReportSettled(EventData):
    """The outcome of a report.

    Only the account `author` may read the report's receipt. A decision or a time limit can change an outcome. The event
    of the new outcome has the id of the earlier event in `replaces`.
    """

    event_type: ClassVar[str] = "dayar.report.settled.v1"
    topic: ClassVar[str] = "outcomes"
    key_field: ClassVar[str] = "report_id"

    report_id: Clear[UUID]
    version: Clear[int]
    status: Clear[Status]
    kind: Clear[ReportKind]
    author: Clear[UUID | None] = None
    consumer: Clear[str]
    outcome: Clear[OutcomeKind]
    reason: Clear[str | None] = None
    replaces: Clear[UUID | None] = None


class ReportHeld(ReportSettled):
    """The report waits for a decision of a person (`not_author`, `expired_token`, `revoked_credential`).

    With the reason `waiting`, a correction waits for the report that should be corrected.
    """

    event_type: ClassVar[str] = "dayar.report.held.v1"


class ReportAlerted(EventData):
    """An alert followed the report.

    The alert counts the people of the report, or is about the hazard of the report. If a hazard raised the alert at
    once, the outcome of the hazard's report says so, and this event is not published. The event names no district,
    alert or number: the report's author may only learn that an alert followed. The event can come before the report's
    outcome, and more than once. The event stays true if the alert is withdrawn later.
    """

    event_type: ClassVar[str] = "dayar.report.alerted.v1"
    topic: ClassVar[str] = "outcomes"
    key_field: ClassVar[str] = "report_id"

    report_id: Clear[UUID]
    status: Clear[Status]
