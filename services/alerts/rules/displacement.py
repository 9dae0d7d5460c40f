"""Raises an alert if at least a certain number of households leave one district within some hours."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import counts
from services.alerts.rules.findings import ALERTED, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.rule import CountingRule, Hours, Touched
from services.alerts.rules.windows import Departed, Window, free_windows, total
from shared.country import TIME_ZONE
from shared.events.vocabulary import Severity, Status

if TYPE_CHECKING:
    from services.alerts.batch import HouseholdBatch
    from services.alerts.changes import AlertChanges
    from services.alerts.ruleset import Ruleset


@dataclass(frozen=True, slots=True)
class DepartureFacts:
    """The households that left each district, and the existing alerts, which already count some of them."""

    departed: Mapping[tuple[Status, str], Departed]
    alert_changes: "AlertChanges"


class DisplacementRule(CountingRule):
    hours: Hours
    severity: Severity

    @property
    def days(self) -> int:
        """How many dates a span of `hours` can include.

        The hour of a departure is unknown, so the number is rounded up. A missed alert is worse than an early one.
        """
        return -int(-self.hours // 24) + 1

    def affected(self, changes: "HouseholdBatch") -> list[Touched]:
        """The districts and dates of the batch's departures and of withdrawn departures, which are judged again."""
        return [
            Touched(Situation(RuleKind.DISPLACEMENT, status, area, day.isoformat()), tuple(positions), day=day)
            for (status, area, day), positions in sorted(changes.flights(self.mobility).items())
        ]

    async def load(
        self, session: AsyncSession, touched: Sequence[Touched], alert_changes: "AlertChanges"
    ) -> DepartureFacts:
        span = timedelta(days=self.days)
        spans = {(case.situation.area, case.day - 2 * span, case.day + 2 * span) for case in touched if case.day}
        return DepartureFacts(await counts.departed(session, spans, self.mobility) if spans else {}, alert_changes)

    def judge(self, touched: Touched, facts: DepartureFacts, now: datetime) -> Finding | Nothing:
        status, area, day = touched.situation.status, touched.situation.area, touched.day
        assert day is not None
        return self.decide(
            status, area, day, facts.departed.get((status, area), {}), facts.alert_changes.windows(status, area), now
        )

    def decide(
        self, status: Status, area: str, day: date, departed: Departed, alerted: Iterable[Window], now: datetime
    ) -> Finding | Nothing:
        """Judges the households that left on `day`.

        The households join the alert whose window contains the day. If no alert has such a window, the rule judges the
        free window that contains the day and has the most households.
        """
        if status not in ALERTED:
            return Nothing("no_rule")
        taken = list(alerted)
        joined = next((window for window in taken if day in window), None)
        free = () if joined else free_windows(day, self.days, taken)
        window = joined or max(free, key=lambda candidate: (total(departed, candidate), candidate.first))
        finding = self._of(status, area, window, departed, now)
        if total(departed, window) >= self.households:
            return finding
        if joined is None or finding.is_suppressed:
            return Nothing("below_threshold")
        return Nothing("below_threshold", finding.situation, joined.dates)

    def _of(self, status: Status, area: str, window: Window, departed: Departed, now: datetime) -> Finding:
        households = total(departed, window)
        newest = max((day for dates in departed for day in dates if day in window), default=window.last)
        figures = {
            "households": households,
            "hours": self.hours,
            "pcode": area,
            "first": window.first.isoformat(),
            "last": window.last.isoformat(),
            "newest": newest.isoformat(),
        }
        return Finding(
            situation=Situation(RuleKind.DISPLACEMENT, status, area, window.first.isoformat()),
            rule="displacement",
            reason=self.reason,
            severity=self.severity,
            onset=midnight(window.first),
            expires=midnight(window.last + timedelta(days=1)),
            is_suppressed=now > midnight(newest + timedelta(days=1)) + self.max_age,
            figures=figures,
            pcodes=(area,),
            households=households,
        )


def decide_displacement(
    status: Status,
    area: str,
    day: date,
    departed: Departed,
    alerted: Iterable[Window],
    rules: "Ruleset",
    now: datetime,
) -> Finding | Nothing:
    """The decision of the displacement rule, if the rule is on."""
    rule = rules.displacement
    return Nothing("no_rule") if rule is None else rule.decide(status, area, day, departed, alerted, now)


def midnight(day: date) -> datetime:
    """The start of the date in the country's time zone."""
    return datetime.combine(day, time(), TIME_ZONE)
