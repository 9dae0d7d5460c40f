"""Publishes which reports led to an alert, so that intake tells the authors of these reports (decision 43).

The outcome of a hazard report names the alert, so nothing is published here about hazard reports. This module publishes
the reports behind alerts about departures. `exposures.py` publishes the reports behind exposure alerts.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import SOURCE
from services.alerts.household_batches import HouseholdBatch
from services.alerts.projections import CountedGroup, Departure, Flight, HeldPeople, Stock
from services.alerts.queries import alerted_reports as queries
from services.alerts.rules.windows import AlertedWindow
from shared import events
from shared.events import Message, ReportAlerted
from shared.events.vocabulary import Measure, Mobility, Status
from shared.messaging import outbox

AlertedReport = tuple[Status, UUID]


async def publish(reports: Collection[AlertedReport], session: AsyncSession, now: datetime) -> None:
    await outbox.add(session, *messages(reports, now))


async def publish_departed(
    batch: HouseholdBatch,
    mobility: Collection[Mobility],
    before: set[AlertedWindow],
    after: set[AlertedWindow],
    session: AsyncSession,
    now: datetime,
) -> None:
    """Publishes the reports whose people are counted in the batch's alerts about departures.

    For a new alert, all reports of the alert's window are published. For an older alert, only the batch's reports are
    published, because earlier reports were published when they came. An alert that is raised again publishes its
    reports again. If an event is published twice, both copies have one id, and intake ignores the second copy.
    """
    joined = within(after, reports(batch, mobility)) - within(before, reports_before(batch, mobility))
    raised = await queries.reports(session, after - before, mobility)
    recounted = await queries.reports_of_stocks(session, moved(batch, after & before), mobility)
    await publish(joined | raised | recounted, session, now)


def within(windows: Collection[AlertedWindow], reported: Iterable[tuple[Flight, UUID]]) -> set[AlertedReport]:
    return {(flight[0], report_id) for flight, report_id in reported if is_alerted(flight, windows)}


def is_alerted(flight: Flight, windows: Collection[AlertedWindow]) -> bool:
    return any(window.counts(flight) for window in windows)


def moved(batch: HouseholdBatch, windows: Collection[AlertedWindow]) -> set[tuple[Status, str, UUID]]:
    return {
        (status, area, id)
        for (status, area, id), day in batch.left_on.items()
        if area is not None
        and (earlier := batch.left_on_before.get((status, area, id))) is not None
        and is_alerted((status, area, day), windows)
        and not is_alerted((status, area, earlier), windows)
    }


def reports(batch: HouseholdBatch, mobility: Collection[Mobility]) -> Iterator[tuple[Flight, UUID]]:
    """Includes a count that a recount replaced, because the recount counts the same people.

    Counts of movements are left out.
    """
    measures = {
        group.report_id: batch.received[position].event.data.measure for position, group in batch.groups.items()
    }
    counts = [group for id, group in batch.newest_groups.items() if measures[id] is Measure.STOCK]
    yield from of_departures(filter(None, batch.departed.values()), mobility)
    yield from of_counts(counts, batch.left_on, mobility)
    yield from of_held(batch.newest_held.values(), mobility)


def reports_before(batch: HouseholdBatch, mobility: Collection[Mobility]) -> Iterator[tuple[Flight, UUID]]:
    counts = [group for group in batch.groups_before.values() if group.is_counted]
    yield from of_departures(batch.departed_before.values(), mobility)
    yield from of_counts(counts, batch.left_on_before, mobility)
    yield from of_held(batch.held_before.values(), mobility)


def of_departures(departures: Iterable[Departure], mobility: Collection[Mobility]) -> Iterator[tuple[Flight, UUID]]:
    for departure in departures:
        if departure.mobility in mobility:
            yield departure.flight, departure.movement_id or departure.report_id


def of_counts(
    counts: Iterable[CountedGroup], left_on: Mapping[Stock, date], mobility: Collection[Mobility]
) -> Iterator[tuple[Flight, UUID]]:
    for group in counts:
        day = left_on.get(group.stock)
        if day is not None and group.origin_area is not None and group.mobility in mobility:
            yield (group.status, group.origin_area, day), group.movement_id or group.report_id


def of_held(held: Iterable[HeldPeople], mobility: Collection[Mobility]) -> Iterator[tuple[Flight, UUID]]:
    for people in held:
        if people.flight is not None and people.mobility in mobility:
            yield people.flight, people.report_id


def messages(alerted: Iterable[AlertedReport], now: datetime) -> Iterator[Message]:
    for status, report_id in sorted(alerted):
        id = events.derived_id("alerted", status, report_id)
        yield events.message(ReportAlerted(report_id=report_id, status=status), id=id, source=SOURCE, time=now)
