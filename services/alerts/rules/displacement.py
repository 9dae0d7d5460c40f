"""Raises an alert if many persons or households left one district within some hours. The rules file sets the numbers.

If the district of origin is unknown, people are counted by the district where they are now
(`services/alerts/areas_left.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.areas_left import concerned, is_of_unknown_origin
from services.alerts.queries import departures
from services.alerts.rules.findings import ALERTED, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.headcounts import Departed, DisplacementFigures
from services.alerts.rules.rule import CountingRule, Hours, RuleModel, Touched
from services.alerts.rules.windows import Window, free_windows
from shared.country import TIME_ZONE
from shared.events.fields import PCode
from shared.events.vocabulary import Severity, Status

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges
    from services.alerts.household_batches import HouseholdBatch
    from services.alerts.ruleset import Ruleset

Number = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class DepartureFacts:
    """Alerts in `alert_changes` have already counted some of the `departed` people."""

    departed: Mapping[tuple[Status, str], Departed]
    alert_changes: "AlertChanges"


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedDay(Touched):
    day: date

    def freed_by(self, finding: Finding | Nothing) -> list[Self]:
        """Returns all dates in the window of an alert that was withdrawn."""
        return [replace(self, day=day) for day in finding.freed] if isinstance(finding, Nothing) else []


class DistrictThresholds(RuleModel):
    """If a district has no threshold of its own, the threshold of the rule applies."""

    persons: Number | None = None
    households: Number | None = None
    again_at: tuple[Number, ...] | None = None


class DisplacementRule(CountingRule):
    """Raises an alert if `persons` or `households` is reached.

    Receivers are notified again at each threshold in `again_at`.
    """

    persons: Number = 50
    again_at: tuple[Number, ...] = (200, 500, 1000, 3000)
    areas: Mapping[PCode, DistrictThresholds] = {}
    hours: Hours
    severity: Severity

    @property
    def days(self) -> int:
        """The hour of a departure is unknown, so the number of days is rounded up.

        An early alert does less harm than a missed alert.
        """
        return -int(-self.hours // 24) + 1

    def affected(self, changes: "HouseholdBatch") -> list[TouchedDay]:
        """Returns each district and date whose departures the batch changes."""
        return [
            TouchedDay(Situation(RuleKind.DISPLACEMENT, status, area, day.isoformat()), tuple(positions), day=day)
            for (status, area, day), positions in sorted(changes.flights(self.mobility).items())
        ]

    async def load(
        self, session: AsyncSession, touched: Sequence[TouchedDay], alert_changes: "AlertChanges"
    ) -> DepartureFacts:
        span = timedelta(days=self.days)
        spans = {(case.situation.area, case.day - 2 * span, case.day + 2 * span) for case in touched}
        return DepartureFacts(await departures.departed(session, spans, self.mobility) if spans else {}, alert_changes)

    def judge(self, touched: TouchedDay, facts: DepartureFacts, now: datetime) -> Finding | Nothing:
        status, area, day = touched.situation.status, touched.situation.area, touched.day
        departed = facts.departed.get((status, area), Departed())
        return self.decide(status, area, day, departed, facts.alert_changes.windows(status, area), now)

    def decide(
        self, status: Status, area: str, day: date, departed: Departed, alerted: Iterable[Window], now: datetime
    ) -> Finding | Nothing:
        """If an alert's window contains the day, the people are added to that alert.

        If no alert's window contains the day, the rule compares all windows that contain the day and no date of an
        alert. Of the compared windows, the rule judges the window with the most people.
        """
        if status not in ALERTED:
            return Nothing("no_rule")
        taken = list(alerted)
        joined = next((window for window in taken if day in window), None)
        free = free_windows(day, self.days, taken)
        displaced = {window: departed.within(window) for window in ([joined] if joined else free)}
        window = max(displaced, key=lambda window: (*self._size(area, displaced[window]), window.first))
        finding = self._of(status, area, window, departed, now)
        if self.is_reached(area, displaced[window]):
            return finding
        if joined is None or finding.is_suppressed:
            return Nothing("below_threshold")
        return Nothing("below_threshold", finding.situation, joined.dates)

    def is_reached(self, area: str, displaced: DisplacementFigures) -> bool:
        own = self._own(area)
        return displaced.persons >= (own.persons or self.persons) or displaced.households >= (
            own.households or self.households
        )

    def step(self, area: str, persons: int) -> int:
        own = self._own(area).again_at
        return max((step for step in (self.again_at if own is None else own) if step <= persons), default=0)

    def _own(self, area: str) -> DistrictThresholds:
        """People of unknown origin are judged by the thresholds of the district where they are now."""
        return self.areas.get(concerned(area) or "", DistrictThresholds())

    def _size(self, area: str, displaced: DisplacementFigures) -> tuple[bool, int, int]:
        return self.is_reached(area, displaced), displaced.persons, displaced.households

    def _of(self, status: Status, area: str, window: Window, departed: Departed, now: datetime) -> Finding:
        displaced, newest = departed.within(window), departed.newest(window)
        latest, district = max(newest, departed.latest_report(window)), concerned(area)
        figures = {
            **displaced.figures,
            **({"is_origin_unknown": True} if is_of_unknown_origin(area) else {}),
            "hours": self.hours,
            **({"pcode": district} if district else {}),
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
            is_suppressed=now > midnight(latest + timedelta(days=1)) + self.max_age,
            figures=figures,
            pcodes=(district,) if district else (),
            households=displaced.registered_households,
            persons_step=self.step(area, displaced.persons),
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
    """A rule that is switched off finds nothing."""
    rule = rules.displacement
    return Nothing("no_rule") if rule is None else rule.decide(status, area, day, departed, alerted, now)


def midnight(day: date) -> datetime:
    """Returns the start of the date in local time."""
    return datetime.combine(day, time(), TIME_ZONE)
