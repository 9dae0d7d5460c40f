"""Handles the events of the other services: stores the newest state of each hazard, household, alert and so on."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.console import rows
from services.console.queries import board, callers, groups, public_versions
from shared.events import (
    AlertAcknowledged,
    AlertAssigned,
    AlertCommented,
    AlertConfirmed,
    AlertEscalated,
    AlertProgressed,
    AlertRaised,
    AlertReopened,
    AlertResolved,
    AlertSnoozed,
    AlertSuppressed,
    AlertUpdated,
    DeliverySettled,
    EventData,
    GroupCorrected,
    GroupCounted,
    GroupHeld,
    GroupStatusChanged,
    HazardCancelled,
    HazardReported,
    HazardUpdated,
    HouseholdCorrected,
    HouseholdHeld,
    HouseholdRegistered,
    HouseholdStatusChanged,
    ReportAlerted,
    ReportHeld,
    ReportSettled,
    SiteChanged,
    SiteResidentsChanged,
)
from shared.events.vocabulary import OutcomeKind, SubmissionChannel
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received

ROWS: Mapping[type[EventData], tuple[board.Shown, Callable[[Received], dict[str, Any]]]] = {
    HazardReported: (board.HAZARDS, rows.hazard),
    HazardUpdated: (board.HAZARDS, rows.hazard),
    HazardCancelled: (board.HAZARDS, rows.hazard),
    HouseholdRegistered: (board.HOUSEHOLDS, rows.household),
    HouseholdCorrected: (board.HOUSEHOLDS, rows.household),
    HouseholdStatusChanged: (board.HOUSEHOLDS, rows.household),
    GroupCounted: (board.GROUPS, rows.group),
    GroupCorrected: (board.GROUPS, rows.group),
    GroupStatusChanged: (board.GROUPS, rows.group),
    SiteChanged: (board.SITES, rows.site),
    AlertRaised: (board.ALERTS, rows.alert),
    AlertUpdated: (board.ALERTS, rows.alert),
    AlertAcknowledged: (board.ALERTS, rows.alert),
    AlertAssigned: (board.ALERTS, rows.alert),
    AlertConfirmed: (board.ALERTS, rows.alert),
    AlertProgressed: (board.ALERTS, rows.alert),
    AlertCommented: (board.ALERTS, rows.alert),
    AlertSnoozed: (board.ALERTS, rows.alert),
    AlertReopened: (board.ALERTS, rows.alert),
    AlertEscalated: (board.ALERTS, rows.alert),
    AlertResolved: (board.ALERTS, rows.alert),
    AlertSuppressed: (board.ALERTS, rows.alert),
    DeliverySettled: (board.DELIVERIES, rows.delivery),
    ReportSettled: (board.OUTCOMES, rows.outcome),
    ReportHeld: (board.OUTCOMES, rows.outcome),
}


def row_of(received: Received) -> tuple[board.Shown, dict[str, Any]]:
    """Releases of hazards have their own table, and never replace the row of the hazard.

    The order in which a hazard and its releases arrive on their two topics therefore does not matter.
    """
    data = received.event.data
    shown, row = ROWS[type(data)]
    is_release = isinstance(data, HazardReported) and data.is_release
    return board.RELEASES if is_release else shown, row(received)


async def show(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    """Stores the rows.

    The outcome is `recorded` for an event that is newer than the stored row, and `noted` for any other event.
    """
    # hazards are stored first, because `keep_replaced` locks hazards before releases
    rows_by_table: dict[board.Shown, list[tuple[int, dict[str, Any]]]] = {board.HAZARDS: []}
    for number, received_event in enumerate(received):
        shown, row = row_of(received_event)
        rows_by_table.setdefault(shown, []).append((number, row))
    outcomes = [Outcome(OutcomeKind.NOTED, "superseded")] * len(received)
    hazards = rows_by_table[board.HAZARDS]
    await public_versions.keep_replaced(session, hazards)
    for shown, numbered in rows_by_table.items():
        for number in await board.keep_newest(session, shown, numbered):
            outcomes[number] = Outcome(OutcomeKind.RECORDED)
    await groups.supersede(session, [row for _, row in rows_by_table.get(board.GROUPS, ())])
    await public_versions.keep_late(session, hazards, outcomes)
    await public_versions.note_restricted(session, hazards)
    await callers.place_first(session, ((row["hazard_id"], row["pcodes"]) for _, row in hazards))
    await callers.tie(
        session,
        ((row["report_id"], row["hazard_id"]) for _, row in hazards if row["channel"] == SubmissionChannel.CONSOLE),
    )
    await board.forget_replaced(session, rows_by_table.get(board.OUTCOMES, ()))
    return outcomes


# The registry tells the page how many people are in held reports, because only the registry counts by the reader's
# areas. The board does not show the registered people at sites. Only the author of a report is told that an alert
# followed, so the board ignores ReportAlerted.
BOARD = Handlers(dict.fromkeys(ROWS, show), ignored=(HouseholdHeld, GroupHeld, SiteResidentsChanged, ReportAlerted))
