"""Raises exposure alerts. Publishes which reports counted the exposed people, so that intake tells their authors.

One task, outside the Kafka consumers, counts the displaced households in each hazard's area.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import alerted_reports, budgets, counts
from services.alerts.counts import Exposed
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import exposed_reports, hazard_changes, locks
from services.alerts.queries import hazards as hazard_queries
from services.alerts.queries import sites as site_queries
from services.alerts.rules.exposure import ExposureRule, ExposureRules, footprint, inside, localities_inside
from services.alerts.rules.findings import Finding, RuleKind
from services.alerts.rules.rule import judged
from services.alerts.ruleset import Ruleset
from shared.events import HazardReported
from shared.failures import retry_while_unavailable
from shared.messaging import outbox
from shared.places import Places
from shared.places.points import KnownPoints
from shared.postgres import database

EVERY_SECONDS = 1.0  # Hazards stored within this time are counted together.
RENEWED_EVERY = timedelta(seconds=10)  # At this interval an alert is updated if only its figures have changed.
MOST_REPORTS = 1000
ALL = ("exposures", "")  # The advisory lock of this key lets one worker count at a time.


class Exposures:
    """Each step (`begin`, `follow`, `tell` and `publish`) runs in a transaction that the caller opens."""

    def __init__(
        self,
        rules: Ruleset,
        places: Places,
        known_points: KnownPoints,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        renewed_every: timedelta = RENEWED_EVERY,
    ) -> None:
        self.rules, self.places, self.known_points = rules, places, known_points
        self.clock, self.renewed_every = clock, renewed_every

    async def run(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        """Runs until cancelled."""

        async def done(deed: Callable[[AsyncSession], Awaitable[int]]) -> int:
            async with database.committed(sessions) as session:
                return await deed(session)

        await retry_while_unavailable(lambda: done(self.begin))
        published, publishes_at = 0, self.clock()
        while True:
            followed = await retry_while_unavailable(lambda: done(self.follow))
            updated = await retry_while_unavailable(lambda: done(self.tell))
            # The search for reports to publish delays the alerts, so it runs only at the interval.
            if published == MOST_REPORTS or self.clock() >= publishes_at:
                published = await retry_while_unavailable(lambda: done(self.publish))
                publishes_at = self.clock() + self.renewed_every
            if max(followed, updated) < counts.MANY and published < MOST_REPORTS:
                await asyncio.sleep(EVERY_SECONDS)

    async def begin(self, session: AsyncSession) -> int:
        """The rules may have changed since the last start, so every live hazard is counted anew."""
        if self.rules.exposure:
            await hazard_changes.add_all(session, self.clock() - self.rules.exposure.max_age)
        return 0

    async def follow(self, session: AsyncSession) -> int:
        """Returns how many hazards were recounted, at most 25."""
        await locks.lock(session, [ALL])
        changed = await hazard_changes.take(session)
        if changed and self.rules.exposure:
            by_points = await self._districts_by_points(session, changed)
            areas = {area for areas in (*changed.values(), *by_points.values()) for area in areas}
            await locks.lock(session, {(RuleKind.EXPOSURE.value, area) for area in areas})
            await counts.store_districts(session, changed, by_points, self.rules.exposure.mobility)
        return len(changed)

    async def tell(self, session: AsyncSession) -> int:
        """Returns how many districts had changed counts, at most 25."""
        rule, now = self.rules.exposure, self.clock()
        if rule is None:
            return 0
        await locks.lock(session, [ALL])
        await counts.forget(session, now - rule.max_age)
        pairs = await counts.due(session, rule, now - self.renewed_every)
        if pairs:
            await locks.lock(session, {(RuleKind.EXPOSURE.value, area) for _, area in pairs})
            exposures = await counts.exposed(session, pairs, rule.mobility)
            if changed := [exposure for exposure in exposures if not exposure.is_idle(rule)]:
                await self._judge(session, changed, now)
            await counts.note_notified(session, exposures, now)
        return len(pairs)

    async def publish(self, session: AsyncSession) -> int:
        """Returns how many reports were published, at most 1000."""
        rule = self.rules.exposure
        if rule is None:
            return 0
        await locks.lock(session, [ALL])
        await exposed_reports.forget_reports(session)
        pairs = await exposed_reports.alerted_districts(session)
        if not pairs:
            return 0
        hazards = await hazard_queries.hazards(session, {hazard_id for hazard_id, _ in pairs})
        readable = {hazard_id: hazard for hazard_id, hazard in hazards.items() if hazard is not None}
        exposures = await counts.exposed(session, pairs, rule.mobility)
        located = await self._located(session, exposures, readable, rule)
        reports = await exposed_reports.note_reports(session, located, rule.mobility, MOST_REPORTS)
        await alerted_reports.publish(reports, session, self.clock())
        return len(reports)

    async def _districts_by_points(
        self, session: AsyncSession, hazard_ids: Collection[UUID]
    ) -> dict[UUID, tuple[str, ...]]:
        """Without imported boundaries, intake cannot find the districts that a feed's polygon touches.

        Sites and other known points inside the polygon show which districts a hazard reaches.
        """
        unplaced = await counts.without_districts(session, hazard_ids)
        drawn = {hazard_id: shapes for hazard_id, hazard in unplaced.items() if (shapes := footprint(hazard))}
        if not drawn:
            return {}
        sites = await site_queries.points(session)
        return {hazard_id: self.known_points.units_in(shapes, sites) for hazard_id, shapes in drawn.items()}

    async def _judge(self, session: AsyncSession, exposures: list[Exposed], now: datetime) -> None:
        assert self.rules.exposure is not None
        ids = {exposure.hazard_id for exposure in exposures}
        known = await alert_queries.alerts_of_hazards(session, ids, RuleKind.EXPOSURE, RuleKind.HAZARD)
        # Hazards are read after the alerts are locked, so that a Cancel that is stored during the locking is not
        # missed.
        hazards, displaced = await counts.hazards(session, ids), await counts.displaced(session, ids)
        alert_changes = await alert_queries.changes_of(session, known, self.places, self.rules, now)
        changes = await self._located(session, exposures, hazards, self.rules.exposure)
        for hazard in hazards.values():
            alert_changes.rescope(hazard)
        async for touched, finding in judged([ExposureRules(self.rules)], changes, alert_changes, session, now):
            if isinstance(finding, Finding):
                alert_changes.apply(
                    budgets.withheld_with(touched.hazard, finding, alert_changes), touched.hazard.report_id
                )
            else:
                area = touched.situation.area
                alert_changes.lapse(touched.hazard.hazard_id, finding.reason, kind=RuleKind.EXPOSURE, area=area)
        for hazard_id in hazards:
            alert_changes.count_displaced(hazard_id, displaced.get(hazard_id, 0))
        await alert_queries.save_changes(session, alert_changes)
        await outbox.add(session, *alert_changes.messages)

    async def _located(
        self,
        session: AsyncSession,
        exposures: Collection[Exposed],
        hazards: Mapping[UUID, HazardReported],
        rule: ExposureRule,
    ) -> Sequence[tuple[HazardReported, Exposed]]:
        areas = {exposure.area for exposure in exposures if exposure.sites}
        sites = await site_queries.with_people(session, areas, rule.mobility) if areas else {}
        located = list[tuple[HazardReported, Exposed]]()
        for exposure in exposures:
            if hazard := hazards.get(exposure.hazard_id):
                there = sites.get((hazard.status, exposure.area), ())
                persons = exposure.persons_by_locality
                localities = localities_inside(hazard, persons, self.places)
                exposed = exposure._replace(
                    exposed_sites=inside(hazard, there, self.places),
                    exposed_localities=localities,
                    group_persons=sum(persons[code] for code in localities),
                )
                located.append((hazard, exposed))
        return located
