"""Publishes which reports about displaced people an alert followed, so that their authors learn it (decision 43)."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import SOURCE
from services.alerts.batch import HouseholdBatch
from services.alerts.projections import Flight
from services.alerts.queries import alerted_reports as queries
from services.alerts.rules.windows import AlertedWindow
from shared import events
from shared.events import Message, ReportAlerted
from shared.events.vocabulary import Mobility, Status
from shared.messaging import outbox

AlertedReport = tuple[Status, UUID]


async def publish(
    batch: HouseholdBatch,
    mobility: Collection[Mobility],
    before: Collection[AlertedWindow],
    after: Collection[AlertedWindow],
    session: AsyncSession,
    now: datetime,
) -> None:
    """Publish the reports that the batch's alerts count. `before` and `after` are the alerts' windows.

    If an alert is new, it counts all reports of its window. An alert that was raised before also counts the reports of
    the batch. A report can be published again; its event then has the same id, and intake ignores it.
    """
    new = {window for window in after if window not in before or (window.status, window.area) in moved(batch)}
    joined = {
        (flight[0], report_id)
        for flight, report_id in reports(batch, mobility)
        if any(window.counts(flight) for window in after)
    }
    alerted = joined | await queries.reports(session, new, mobility)
    await outbox.add(session, *messages(alerted, now))


def moved(batch: HouseholdBatch) -> set[tuple[Status, str | None]]:
    """The districts where the batch has moved earlier counts to another window."""
    before, after = batch.left_on_before, batch.left_on
    return {(status, area) for (status, area, id), day in before.items() if after.get((status, area, id)) != day}


def reports(batch: HouseholdBatch, mobility: Collection[Mobility]) -> Iterator[tuple[Flight, UUID]]:
    """The reports of the batch, each with the status, district and date of the people's departure."""
    for departure in filter(None, batch.departed.values()):
        if departure.mobility in mobility:
            yield departure.flight, departure.movement_id or departure.report_id
    for group in batch.newest_groups.values():
        day = batch.left_on.get(group.stock)
        if day is not None and group.origin_area is not None and group.mobility in mobility:
            yield (group.status, group.origin_area, day), group.movement_id or group.report_id
    for held in batch.newest_held.values():
        if held.flight is not None and held.mobility in mobility:
            yield held.flight, held.report_id


def messages(alerted: Iterable[AlertedReport], now: datetime) -> Iterator[Message]:
    for status, report_id in sorted(alerted):
        id = events.derived_id("alerted", status, report_id)
        yield events.message(ReportAlerted(report_id=report_id, status=status), id=id, source=SOURCE, time=now)
