"""Handles events about hazards, households and groups: applies the rules, and stores alerts and deliveries.

Hazards have their own consumer, which takes no lock of a household batch. A hazard's alert therefore never waits until
households are counted.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import attrgetter
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import alerted_reports, budgets, counts, hazard_batches, household_batches, projections
from services.alerts.alerts import SOURCE
from services.alerts.changes import AlertChanges
from services.alerts.delivery.handover import Dispatcher
from services.alerts.hazard_batches import HazardBatch
from services.alerts.household_batches import HouseholdBatch
from services.alerts.plan_cache import PlanCache
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import groups as group_queries
from services.alerts.queries import hazard_changes, locks
from services.alerts.queries import hazards as hazard_queries
from services.alerts.queries import held as held_queries
from services.alerts.queries import households as household_queries
from services.alerts.queries import sites as site_queries
from services.alerts.rules.displacement import DisplacementRule
from services.alerts.rules.findings import Finding, Nothing, RuleKind
from services.alerts.rules.hazard import HazardRules
from services.alerts.rules.rule import judged
from services.alerts.ruleset import Ruleset
from shared import events
from shared.events import (
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
    Message,
    ReportSettled,
    SiteChanged,
    SiteResidentsChanged,
)
from shared.events.vocabulary import OutcomeKind, ReportKind
from shared.messaging import outbox, traces
from shared.messaging.handlers import Handlers
from shared.messaging.records import Outcome, Received
from shared.places import Places
from shared.places.watched import WatchedArea

Clock = Callable[[], datetime]


def utcnow() -> datetime:
    return datetime.now(UTC)


class HazardHandler:
    """Raises the alert about the hazard itself. `exposures.py` raises exposure alerts later.

    The cancellation of a hazard lets its own alert and its exposure alerts lapse.
    """

    def __init__(
        self, rules: Ruleset, places: Places, clock: Clock = utcnow, *, dispatcher: Dispatcher | None = None
    ) -> None:
        self.rules, self.places, self.clock = rules, places, clock
        self._judge = HazardRules(rules, WatchedArea.load())
        self._dispatcher = dispatcher or Dispatcher(PlanCache())

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        now = self.clock()
        batch = await hazard_batches.hazards_of(received, session)
        budget, alert_changes = await self._locked(batch, session, now)
        async for touched, finding in judged([self._judge], batch, alert_changes, session, now):
            with traces.caused_by(received[position] for position in touched.positions):
                within_budget = budget.spend(touched.hazard, finding, alert_changes)
                outcome = alert_changes.apply_to_hazard(touched.hazard, within_budget)
            batch.outcomes |= dict.fromkeys(touched.positions, outcome)
        await self._save(batch, alert_changes, session)
        outcomes = [batch.outcomes[position] for position in range(len(received))]
        await outbox.add(session, *alert_changes.messages, *map(outcome_of, received, outcomes, repeat(now)))
        return outcomes

    async def _locked(
        self, batch: HazardBatch, session: AsyncSession, now: datetime
    ) -> tuple[budgets.Budgets, AlertChanges]:
        """Locks the budgets first, then the alerts."""
        budget = await budgets.locked(session, batch.hazards.values(), self.rules.budget, now)
        known = await alert_queries.alerts_of_hazards(
            session, batch.revised, RuleKind.HAZARD, RuleKind.EXPOSURE, others=budget.alert_ids
        )
        plan = (await self._dispatcher.plan_cache.current(session, now)).plan
        return budget, await alert_queries.changes_of(session, known, self.places, self.rules, now, plan=plan)

    async def _save(self, batch: HazardBatch, alert_changes: AlertChanges, session: AsyncSession) -> None:
        await hazard_queries.save_hazards(session, batch.newest.values(), batch.superseded, self.places)
        await alert_queries.save_alerts(session, alert_changes)
        await self._dispatcher.add(session, alert_changes.deliveries, batch.newest)


def outcome_of(received: Received, outcome: Outcome, now: datetime) -> Message:
    hazard: HazardReported = received.event.data
    data = ReportSettled(
        report_id=hazard.report_id,
        version=hazard.version,
        status=hazard.status,
        kind=ReportKind.HAZARD,
        author=hazard.author,
        consumer="alerts",
        outcome=outcome.kind,
        reason=outcome.reason,
        replaces=UUID(received.replaces) if received.replaces else None,
    )
    id = events.derived_id("outcome", "alerts", received.event.id)
    with traces.caused_by([received]):
        return events.message(data, id=id, source=SOURCE, time=now)


# All event types of a consumer share one handler, so that each lock is taken once per batch.
HAZARDS = Handlers(
    {
        HazardReported: HazardHandler.__call__,
        HazardUpdated: HazardHandler.__call__,
        HazardCancelled: HazardHandler.__call__,
    }
)


class HouseholdHandler:
    """Counts households and groups. Raises an alert if many people left a district.

    `exposures.py` later reads these counts.
    """

    def __init__(self, rules: Ruleset, places: Places, clock: Clock = utcnow) -> None:
        self.rules, self.places, self.clock = rules, places, clock

    async def __call__(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        now = self.clock()
        batch = await household_batches.households_of(received, self.places, session)
        await locks.lock(session, batch.locks)
        await self._record(batch, session, now)
        if self.rules.displacement is not None:
            await self._judge_departures(batch, self.rules.displacement, now, session)
        batch.settle((*batch.households, *batch.groups, *batch.held), Outcome(OutcomeKind.NOTED, "no_rule"))
        return batch.outcomes

    async def record_sites(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        newest = {reading.event.data.site_id: reading.event.data for reading in sorted(received, key=version_of_site)}
        sites = [projections.site(event, self.places) for event in newest.values()]
        await site_queries.save_sites(session, sites)
        if self.rules.exposure:
            await hazard_changes.add_without_districts(session, self.clock() - self.rules.exposure.max_age)
        return [Outcome(OutcomeKind.NOTED, "no_rule")] * len(received)

    async def record_residents(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        in_order = sorted((reading.event.data for reading in received), key=attrgetter("sequence"))
        newest = {(event.site_id, event.status): event for event in in_order}
        await site_queries.save_residents(session, newest.values())
        return [Outcome(OutcomeKind.NOTED, "no_rule")] * len(received)

    async def _record(self, batch: HouseholdBatch, session: AsyncSession, now: datetime) -> None:
        await household_queries.save_households(session, batch.newest.values())
        await household_queries.save_departures(session, batch.departed)
        batch.covering = await group_queries.covering(session, batch.site_ids)
        batch.left_on_before = await group_queries.left_on(session, batch.stock_ids)
        await group_queries.save_groups(session, batch.newest_groups.values())
        await group_queries.save_replaced(session, batch.replaced)
        batch.left_on = await group_queries.left_on(session, batch.stock_ids)
        await held_queries.save_held(session, batch.newest_held.values(), now)
        batch.held_in_stocks = await held_queries.held_in_stocks(session, batch.stock_ids)
        if self.rules.exposure:
            await counts.add_displaced(session, batch.moved, self.rules.exposure.mobility)

    async def _judge_departures(
        self, batch: HouseholdBatch, rule: DisplacementRule, now: datetime, session: AsyncSession
    ) -> None:
        flights = batch.flights(rule.mobility)
        if not flights:
            return
        earliest = min(day for _, _, day in flights) - timedelta(days=3 * rule.days)
        known = await alert_queries.alerts_of_flights(session, {area for _, area, _ in flights}, earliest)
        alert_changes = await alert_queries.changes_of(session, known, self.places, self.rules, now)
        before = alert_changes.alerted_windows
        async for touched, finding in judged([rule], batch, alert_changes, session, now):
            with traces.caused_by(batch.received[position] for position in touched.positions):
                batch.settle(touched.positions, counted(finding, alert_changes))
        await alert_queries.save_changes(session, alert_changes)
        await outbox.add(session, *alert_changes.messages)
        await alerted_reports.publish_departed(
            batch, rule.mobility, before, alert_changes.alerted_windows, session, now
        )


def counted(finding: Finding | Nothing, alert_changes: AlertChanges) -> Outcome:
    if isinstance(finding, Finding):
        return alert_changes.apply(finding)
    if finding.taken_back is not None:
        alert_changes.withdraw(finding.taken_back, finding.reason)
    return Outcome(OutcomeKind.NOTED, finding.reason)


def version_of_site(received: Received) -> int:
    version: int = received.event.data.version
    return version


HOUSEHOLDS = Handlers(
    dict.fromkeys(
        (
            HouseholdRegistered,
            HouseholdCorrected,
            HouseholdStatusChanged,
            HouseholdHeld,
            GroupCounted,
            GroupCorrected,
            GroupStatusChanged,
            GroupHeld,
        ),
        HouseholdHandler.__call__,
    )
    | {SiteChanged: HouseholdHandler.record_sites, SiteResidentsChanged: HouseholdHandler.record_residents}
)
