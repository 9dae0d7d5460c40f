"""A receipt: the state of a report, as the report's author may see it. Pure."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from shared.events.receipts import ReceiptState, reason_of, state_of
from shared.events.vocabulary import MovementReason, OutcomeKind, RefusalReason


class Receipt(BaseModel):
    """The newest version of a report and its state.

    `version` and `settled_at` are None until the report has an outcome. `reason` says why the report was refused, or
    why a movement waits or changes nothing. `is_alerted` says whether an alert followed the report. If the report is
    about a hazard, the hazard raised the alert. For any other report, the alert counts the people of the report.
    `is_alerted` is None until the report has an outcome, because another author may have sent a report with the same
    id.
    """

    report_id: UUID
    state: ReceiptState
    version: int | None = None
    reason: RefusalReason | MovementReason | None = None
    is_alerted: bool | None = None
    settled_at: datetime | None = None


class SettledReport(Protocol):
    @property
    def report_id(self) -> UUID: ...
    @property
    def version(self) -> int: ...
    @property
    def outcome(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def settled_at(self) -> datetime: ...


def receipt_of(result: SettledReport, alerted: Collection[UUID] = ()) -> Receipt:
    """`alerted` contains the author's reports that were followed by an alert.

    A hazard that raised an alert has the outcome ALERTED.
    """
    return Receipt(
        report_id=result.report_id,
        state=state_of(result.outcome, result.reason),
        version=result.version,
        reason=reason_of(result.outcome, result.reason),
        is_alerted=result.outcome == OutcomeKind.ALERTED or result.report_id in alerted,
        settled_at=result.settled_at,
    )


def received(report_id: UUID) -> Receipt:
    return Receipt(report_id=report_id, state=ReceiptState.RECEIVED)
