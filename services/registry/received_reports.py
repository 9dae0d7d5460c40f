"""The reports of received records: their outcomes, and the traces of their events."""

from collections.abc import Sequence

from services.registry.decisions import ReportDecision
from services.registry.reports import AnyFiled, FiledMovement
from shared import tracing
from shared.messaging import traces
from shared.messaging.records import Outcome, Received


def outcome_of(filed: AnyFiled, decision: ReportDecision) -> Outcome:
    """The outcome of a movement is known only after the whole batch is filed."""
    if isinstance(filed, FiledMovement):
        return Outcome(filed.outcome, filed.reason)
    return Outcome(decision.outcome, decision.reason)


def name_causes(received: Sequence[Received], batch: Sequence[AnyFiled]) -> None:
    """All events about a report, and about its household or group, belong to the trace of the report's record."""
    tracing.name_causes(
        (traces.cause(reading), name)
        for reading, filed in zip(received, batch, strict=True)
        for name in (filed.report_id, filed.subject[1])
    )


def filed_of(received: Received) -> AnyFiled:
    filed: AnyFiled = received.opened
    filed.replaces = received.replaces
    return filed
