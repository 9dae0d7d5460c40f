"""Handlers of the other services' events: they keep the newest state of each hazard, household and alert."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.console import rows
from services.console.queries import board, callers
from shared import events
from shared.events.vocabulary import OutcomeKind, SubmissionChannel
from shared.messaging.consumer import Outcome, Received

TOPICS = ("hazards", "households", "alerts", "outcomes")

TELLING: Mapping[str, tuple[board.Shown, Callable[[Received], dict[str, Any]]]] = {
    events.HazardReported.event_type: (board.HAZARDS, rows.hazard),
    events.HazardUpdated.event_type: (board.HAZARDS, rows.hazard),
    events.HazardCancelled.event_type: (board.HAZARDS, rows.hazard),
    events.HouseholdRegistered.event_type: (board.HOUSEHOLDS, rows.household),
    events.HouseholdCorrected.event_type: (board.HOUSEHOLDS, rows.household),
    events.AlertRaised.event_type: (board.ALERTS, rows.alert),
    events.AlertUpdated.event_type: (board.ALERTS, rows.alert),
    events.AlertAcknowledged.event_type: (board.ALERTS, rows.alert),
    events.AlertConfirmed.event_type: (board.ALERTS, rows.alert),
    events.AlertProgressed.event_type: (board.ALERTS, rows.alert),
    events.AlertCommented.event_type: (board.ALERTS, rows.alert),
    events.AlertSnoozed.event_type: (board.ALERTS, rows.alert),
    events.AlertReopened.event_type: (board.ALERTS, rows.alert),
    events.AlertEscalated.event_type: (board.ALERTS, rows.alert),
    events.AlertResolved.event_type: (board.ALERTS, rows.alert),
    events.AlertSuppressed.event_type: (board.ALERTS, rows.alert),
    events.DeliverySettled.event_type: (board.DELIVERIES, rows.delivery),
    events.ReportSettled.event_type: (board.OUTCOMES, rows.outcome),
    events.ReportHeld.event_type: (board.OUTCOMES, rows.outcome),
}


async def show(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    """Stores the rows. An event newer than the stored row has the outcome `recorded`, any other `noted`."""
    told: dict[board.Shown, list[tuple[int, dict[str, Any]]]] = {}
    for number, each in enumerate(received):
        shown, row = TELLING[each.event.type]
        told.setdefault(shown, []).append((number, row(each)))
    outcomes = [Outcome(OutcomeKind.NOTED, "superseded")] * len(received)
    for shown, numbered in told.items():
        for number in await board.keep_newest(session, shown, numbered):
            outcomes[number] = Outcome(OutcomeKind.RECORDED)
    hazards = [row for _, row in told.get(board.HAZARDS, ())]
    await callers.place_first(session, ((row["hazard_id"], row["pcodes"]) for row in hazards))
    await callers.tie(
        session, ((row["report_id"], row["hazard_id"]) for row in hazards if row["road"] == SubmissionChannel.CONSOLE)
    )
    await board.forget_replaced(session, told.get(board.OUTCOMES, ()))
    return outcomes
