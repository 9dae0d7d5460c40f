"""The outcome of each report, published by the consumer that is responsible for it."""

from typing import ClassVar
from uuid import UUID

from shared.events.envelope import EventData
from shared.events.fields import Clear
from shared.events.vocabulary import OutcomeKind, ReportKind, Status


class ReportSettled(EventData):
    """`replaces` is the id of an earlier outcome event that a decision or the passage of time has changed.

    `author` is the account that sent the report. Only this account may read the report's receipt.
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
    """The report waits for a person (not_author, expired_token, revoked_credential).

    With the reason `waiting`, the report waits for the report that it corrects.
    """

    event_type: ClassVar[str] = "dayar.report.held.v1"


class ReportAlerted(EventData):
    """An alert followed the report: the alert counts the people of the report, or is about the hazard of the report.

    If the report of a hazard raises an alert at once, the report's outcome says so, and this event is not needed. The
    event names no district, alert or number, because the report's author may learn only that an alert followed. The
    event may come before the report's outcome, and more than once. The event stays true if the alert is withdrawn
    later.
    """

    event_type: ClassVar[str] = "dayar.report.alerted.v1"
    topic: ClassVar[str] = "outcomes"
    key_field: ClassVar[str] = "report_id"

    report_id: Clear[UUID]
    status: Clear[Status]
