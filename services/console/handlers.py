"""Stores what the events of other services say: the newest state of each hazard, household, alert, and so on."""

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
    """Returns the table and the row of an event.

    A hazard and its releases arrive on two topics in any order. Releases have their own table, so a release never
    replaces the row of the hazard.
    """
    data = received.event.data
    shown, row = ROWS[type(data)]
    is_release = isinstance(data, HazardReported) and data.is_release
    return board.RELEASES if is_release else shown, row(received)


async def show(received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
    """Stores the rows. The outcome is `recorded` if the event was newer than the stored row, and otherwise `noted`."""
    # hazards first: `keep_replaced` locks a hazard before its release, and another order could deadlock
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


# The board ignores four events:
# - HouseholdHeld and GroupHeld: the registry counts the people in held reports, because the count depends on the
#   reader's areas
# - SiteResidentsChanged: the board does not show the registered people at sites
# - ReportAlerted: only the report's author is told that an alert followed
BOARD = Handlers(dict.fromkeys(ROWS, show), ignored=(HouseholdHeld, GroupHeld, SiteResidentsChanged, ReportAlerted))
