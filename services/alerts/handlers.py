"""Handlers of the hazard and household events: they apply the rules and store the alerts and deliveries that follow.

Hazards have their own consumer and take no lock that a household batch holds. A hazard's alert therefore never waits
for the counting of households.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import batch as batches
from services.alerts import budgets, counts, projections, queries
from services.alerts.alerts import SOURCE
from services.alerts.batch import HazardBatch, HouseholdBatch
from services.alerts.changes import AlertChanges
from services.alerts.directory import ReceiverDirectory
from services.alerts.handover import Dispatcher
from services.alerts.rules import Departed, Finding, Nothing, RuleKind, decide, decide_displacement
from services.alerts.ruleset import Ruleset
from shared import events
from shared.events import (
    HazardCancelled,
    HazardReported,
    HazardUpdated,
    HouseholdCorrected,
    HouseholdRegistered,
    Message,
    ReportSettled,
)
from shared.events.vocabulary import MsgType, OutcomeKind, ReportKind, Status
from shared.messaging import outbox
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received
from shared.places import Places
from shared.places.watched import WatchedArea

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    return datetime.now(UTC)


class HazardHandler:
    """Raises the hazard's own alert. `exposures` raises the exposure alerts later; a Cancel makes both lapse here."""

    def __init__(
        self, rules: Ruleset, places: Places, clock: Clock = utcnow, *, dispatcher: Dispatcher | None = None
    ) -> None:
        self.rules, self.places, self.watched, self.clock = rules, places, WatchedArea.load(), clock
        self._dispatcher = dispatcher or Dispatcher(ReceiverDirectory())

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        now = self.clock()
        batch = await batches.hazards_of(received, session)
        await budgets.lock(session, budgets.sources_of(batch.hazards.values()))
        sources = budgets.situations(batch.hazards.values(), self.rules.budget, now)
        known = await queries.alerts_of_hazards(
            session, batch.revised, RuleKind.HAZARD, RuleKind.EXPOSURE, others=sources
        )
        receivers = (await self._dispatcher.directory.known(session)).receivers
        book = await queries.book(session, known, self.places, self.rules, now, among=receivers)
        await self._judge(batch, book, now, session)
        await queries.save_hazards(session, ((hazard, self._areas_of(hazard)) for hazard in batch.newest.values()))
        await queries.keep_revisions(session, batch.superseded)
        await queries.save_alerts(session, book.changed.values())
        await self._dispatcher.add(session, book.deliveries, batch.newest)
        settled = [outcome_of(one, outcome, now) for one, outcome in zip(received, batch.outcomes, strict=True)]
        await outbox.add(session, *book.messages, *settled)
        return batch.outcomes

    async def _judge(self, batch: HazardBatch, book: AlertChanges, now: datetime, session: AsyncSession) -> None:
        displaced = await counts.displaced(session, batch.revised)
        budget = await budgets.of(session, list(batch.hazards.values()), self.rules.budget, now)
        for place, hazard in batch.hazards.items():
            found = decide(hazard, self.rules, self.watched, now)
            if isinstance(found, Finding) and displaced.get(hazard.hazard_id):
                found = replace(found, figures={**found.figures, "displaced": displaced[hazard.hazard_id]})
            if isinstance(found, Finding):
                found = budget.spend(hazard, found, book)
            batch.say([place], self._settled(hazard, found, book))

    def _settled(self, hazard: HazardReported, found: Finding | Nothing, book: AlertChanges) -> Outcome:
        if isinstance(found, Finding):
            return book.tell_of(hazard, found)
        if hazard.msg_type is MsgType.CANCEL:
            return book.lapse(hazard.hazard_id, found.reason)
        return book.lapse(hazard.hazard_id, found.reason, kind=RuleKind.HAZARD)

    def _areas_of(self, hazard: HazardReported) -> tuple[str, ...]:
        return projections.areas_of(hazard.area.pcodes, self.places)


class HouseholdHandler:
    """Counts households and raises an alert where many left one district.

    `exposures` reads the counts from the same tables.
    """

    def __init__(self, rules: Ruleset, places: Places, clock: Clock = utcnow) -> None:
        self.rules, self.places, self.clock = rules, places, clock

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        now = self.clock()
        batch = await batches.households_of(received, self.places, session)
        await self._lock(batch, session)
        await self._record(batch, session)
        await self._ask_of_displacement(batch, now, session)
        batch.say(batch.households, Outcome(OutcomeKind.NOTED, "no_rule"))
        return batch.outcomes

    async def _lock(self, batch: HouseholdBatch, session: AsyncSession) -> None:
        left = {(RuleKind.DISPLACEMENT.value, area) for area in batch.areas_left}
        lived_in = {(RuleKind.EXPOSURE.value, area) for area in batch.areas_lived_in}
        await queries.lock(session, left | lived_in)

    async def _record(self, batch: HouseholdBatch, session: AsyncSession) -> None:
        await queries.save_households(session, batch.newest.values())
        await queries.save_departures(session, batch.departed)
        if self.rules.exposure:
            await counts.add_displaced(session, batch.moved, self.rules.exposure.mobility)

    async def _ask_of_displacement(self, batch: HouseholdBatch, now: datetime, session: AsyncSession) -> None:
        rule, flights = self.rules.displacement, batch.flights(self.rules.displacement)
        if rule is None or not flights:
            return
        areas, span = {area for _, area, _ in flights}, timedelta(days=rule.days)
        spans = {(area, day - 2 * span, day + 2 * span) for _, area, day in flights}
        departed = await queries.displaced(session, spans, rule.mobility)
        earliest = min(day for _, _, day in flights)
        known = await queries.alerts_of_flights(session, areas, earliest - 3 * span)
        book = await queries.book(session, known, self.places, self.rules, now)
        for (status, area, day), spoken in sorted(flights.items()):
            judge = partial(self._judge_flight, status, area, departed.get((status, area), {}), book, now)
            found = judge(day)
            batch.say(spoken, self._told(found, book))
            for freed in found.freed if isinstance(found, Nothing) else ():
                batch.say(spoken, self._told(judge(freed), book))
        await queries.save_book(session, book)
        await outbox.add(session, *book.messages)

    def _judge_flight(
        self, status: Status, area: str, departed: Departed, book: AlertChanges, now: datetime, day: date
    ) -> Finding | Nothing:
        return decide_displacement(status, area, day, departed, book.windows(status, area), self.rules, now)

    def _told(self, found: Finding | Nothing, book: AlertChanges) -> Outcome:
        if isinstance(found, Finding):
            return book.tell(found)
        if found.taken_back is not None:
            book.take_back(found.taken_back, found.reason)
        return Outcome(OutcomeKind.NOTED, found.reason)


# Event type -> handler. The types of a topic share a handler, which takes its locks once a batch.
HAZARDS = Handlers(
    {
        HazardReported: HazardHandler.__call__,
        HazardUpdated: HazardHandler.__call__,
        HazardCancelled: HazardHandler.__call__,
    }
)
HOUSEHOLDS = Handlers({HouseholdRegistered: HouseholdHandler.__call__, HouseholdCorrected: HouseholdHandler.__call__})


def outcome_of(received: Received, outcome: Outcome, now: datetime) -> Message:
    """The outcome event for the author of a hazard report."""
    hazard: HazardReported = received.event.data
    settled = ReportSettled(
        report_id=hazard.report_id,
        version=hazard.version,
        status=hazard.status,
        kind=ReportKind.HAZARD,
        consumer="alerts",
        outcome=outcome.kind,
        reason=outcome.reason,
        replaces=UUID(received.replaces) if received.replaces else None,
    )
    id = events.derived_id("outcome", "alerts", received.event.id)
    return events.message(settled, id=id, source=SOURCE, time=now)
