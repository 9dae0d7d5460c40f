"""Stores the outcomes of reports, so that the authors of the reports can read them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import receipt_queries
from shared.events import ReportAlerted, ReportHeld, ReportSettled
from shared.events.vocabulary import OutcomeKind
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received

KEPT = Outcome(OutcomeKind.RECORDED)
# Records of an earlier release have no author, so nobody could read their outcomes as receipts.
WITHOUT_AUTHOR = Outcome(OutcomeKind.NOTED, "no_author")


async def keep_outcomes(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    rows = [row(event) for event in received if event.event.data.author is not None]
    await receipt_queries.save(session, rows)
    return [WITHOUT_AUTHOR if event.event.data.author is None else KEPT for event in received]


def row(received: Received) -> dict[str, Any]:
    data: ReportSettled = received.event.data
    return {
        "report_id": str(data.report_id),
        "author": str(data.author),
        "version": data.version,
        "kind": data.kind,
        "outcome": data.outcome,
        "reason": data.reason,
        "settled_at": received.event.time.isoformat(),
        "outcome_id": str(received.event.id),
        "replaces": data.replaces and str(data.replaces),
    }


async def keep_alerted(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    rows = [
        {"report_id": str(event.event.data.report_id), "alerted_at": event.event.time.isoformat()} for event in received
    ]
    await receipt_queries.save_alerted(session, rows)
    return [KEPT] * len(received)


OUTCOMES = Handlers({ReportSettled: keep_outcomes, ReportHeld: keep_outcomes, ReportAlerted: keep_alerted})
