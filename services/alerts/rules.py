"""The rules that decide whether an alert is raised: pure functions that return a value with its reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from services.alerts.ruleset import DisplacementRule, ExposureRule, QuakeRule, Rule, Ruleset, SeverityRule, UnjudgedRule
from shared.country import COUNTRY, TIME_ZONE
from shared.events import CENTRE, HazardReported
from shared.events.vocabulary import HazardType, MsgType, Severity, Status, SubmissionChannel, Urgency
from shared.places.watched import WatchedArea

ALERTED = frozenset({Status.ACTUAL, Status.EXERCISE, Status.TEST})
RANK = {
    severity: rank
    for rank, severity in enumerate(
        (Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
    )
}
TOO_OLD = "too_old"
OVER_BUDGET = "over_budget"
AHEAD = timedelta(minutes=15)
TO_COME = frozenset({Urgency.EXPECTED, Urgency.FUTURE})
BY_HAND = frozenset(
    {
        SubmissionChannel.CONSOLE,
        SubmissionChannel.FIELD,
        SubmissionChannel.SMS,
        SubmissionChannel.OPENROSA,
        SubmissionChannel.KOBO,
    }
)
OWN_SOURCE = CENTRE


class RuleKind(StrEnum):
    """The subject of a situation. One (kind, status, area, name) has one alert, whichever rule applied first."""

    HAZARD = "hazard"
    DISPLACEMENT = "displacement"
    EXPOSURE = "exposure"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Situation:
    """An alert's identity; `name` is the hazard's id or the first date of the window."""

    kind: RuleKind
    status: Status
    area: str
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule applies. `is_suppressed`: the alert is recorded but notifies nobody, for the reason `suppression`."""

    situation: Situation
    rule: str
    reason: str
    severity: Severity
    onset: datetime
    is_suppressed: bool
    suppression: str = TOO_OLD
    expires: datetime | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    hazard_type: HazardType | None = None
    hazard_id: UUID | None = None
    pcodes: tuple[str, ...] = ()
    households: int | None = None


@dataclass(frozen=True, slots=True)
class Nothing:
    """No rule applies, for this reason.

    `taken_back` is a situation to which a rule applied before and applies no longer. `freed` are the dates of its
    window: the caller judges them again.
    """

    reason: str
    taken_back: Situation | None = None
    freed: Sequence[date] = ()


def decide(hazard: HazardReported, rules: Ruleset, watched: WatchedArea, now: datetime) -> Finding | Nothing:
    """The finding for the hazard's own alert: the most severe one of the rules that apply."""
    if hazard.status not in ALERTED:
        return Nothing("status_not_alerted")
    if hazard.msg_type is MsgType.CANCEL:
        return Nothing("cancelled")
    if hazard.road is not SubmissionChannel.FEED and not watched.meets(
        hazard.area
    ):  # a feed filters by its own area already
        return Nothing("out_of_area")
    found = [
        *_quake(hazard, rules.quake, now),
        *_severity(hazard, rules.severity, now),
        *_unjudged(hazard, rules.unjudged, now),
    ]
    if not found:
        return Nothing("below_threshold")
    return max(found, key=lambda finding: RANK[finding.severity])


def _quake(hazard: HazardReported, rule: QuakeRule | None, now: datetime) -> list[Finding]:
    severity = magnitude_severity(hazard, rule)
    if rule is None or severity is None:
        return []
    figures = {"magnitude": hazard.magnitude, "depth_km": hazard.depth_km, "source": hazard.source}
    return [_of_hazard(hazard, "quake", rule, severity, now, figures)]


def _severity(hazard: HazardReported, rule: SeverityRule | None, now: datetime) -> list[Finding]:
    if rule is None or RANK[hazard.severity] < RANK[rule.floor]:
        return []
    figures = _told(hazard, now)
    return [_of_hazard(hazard, "severity", rule, hazard.severity, now, figures)]


def _unjudged(hazard: HazardReported, rule: UnjudgedRule | None, now: datetime) -> list[Finding]:
    severity = unjudged_severity(hazard, rule)
    if rule is None or severity is None:
        return []
    figures = _told(hazard, now)
    return [_of_hazard(hazard, "unjudged", rule, severity, now, figures)]


def _told(hazard: HazardReported, now: datetime) -> dict[str, Any]:
    """Urgency, certainty and source of the report.

    If the onset is more than 15 minutes ahead, any urgency but Expected and Future becomes Future.
    """
    is_ahead = hazard.onset > now + AHEAD and hazard.urgency not in TO_COME
    urgency = Urgency.FUTURE if is_ahead else hazard.urgency
    return {"urgency": urgency.value, "certainty": hazard.certainty.value, "source": hazard.source}


def _of_hazard(
    hazard: HazardReported, name: str, rule: Rule, severity: Severity, now: datetime, figures: Mapping[str, Any]
) -> Finding:
    return Finding(
        situation=Situation(RuleKind.HAZARD, hazard.status, COUNTRY, str(hazard.hazard_id)),
        rule=name,
        reason=rule.reason,
        severity=severity,
        onset=hazard.onset,
        expires=hazard.expires,
        is_suppressed=is_too_old(hazard, rule, now),
        figures=without_gaps(figures),
        hazard_type=hazard.type,
        hazard_id=hazard.hazard_id,
        pcodes=hazard.area.pcodes,
    )


def decide_exposure(
    hazard: HazardReported, area: str, households: int, rules: Ruleset, now: datetime
) -> Finding | Nothing:
    """The finding for one district's exposure alert; it is separate from the hazard's own alert.

    It concerns the displaced households that live in the district now.
    """
    rule = rules.exposure
    if rule is None or hazard.status not in ALERTED or hazard.msg_type is MsgType.CANCEL:
        return Nothing("no_rule")
    severity = effective_severity(hazard, rules)
    if RANK[severity] < RANK[rule.floor] or households < rule.households:
        return Nothing("below_threshold")
    return _exposed(hazard, area, households, rule, severity, now)


def _exposed(
    hazard: HazardReported, area: str, households: int, rule: ExposureRule, severity: Severity, now: datetime
) -> Finding:
    return Finding(
        situation=Situation(RuleKind.EXPOSURE, hazard.status, area, str(hazard.hazard_id)),
        rule="exposure",
        reason=rule.reason,
        severity=severity,
        onset=hazard.onset,
        expires=hazard.expires,
        is_suppressed=is_too_old(hazard, rule, now),
        figures={"households": households, "pcode": area},
        hazard_type=hazard.type,
        hazard_id=hazard.hazard_id,
        pcodes=(area,),
        households=households,
    )


def effective_severity(hazard: HazardReported, rules: Ruleset) -> Severity:
    """The highest of the source's severity, the magnitude's, and the hazard type's if nobody judged the severity."""
    by_magnitude = magnitude_severity(hazard, rules.quake) or Severity.UNKNOWN
    by_type = unjudged_severity(hazard, rules.unjudged) or Severity.UNKNOWN
    return max(hazard.severity, by_magnitude, by_type, key=RANK.__getitem__)


def magnitude_severity(hazard: HazardReported, rule: QuakeRule | None) -> Severity | None:
    if rule is None or hazard.type is not HazardType.EARTHQUAKE or hazard.magnitude is None:
        return None
    reached = [step.severity for step in rule.steps if hazard.magnitude >= step.magnitude]
    return max(reached, key=RANK.__getitem__, default=None)


def unjudged_severity(hazard: HazardReported, rule: UnjudgedRule | None) -> Severity | None:
    """The severity of the hazard's type. None if the report has a severity or no person reported the hazard."""
    if rule is None or hazard.severity is not Severity.UNKNOWN or not is_from_person(hazard):
        return None
    return rule.of(hazard.type)


def is_from_person(hazard: HazardReported) -> bool:
    """Whether a person entered the report by hand, or the centre itself sent it over the API."""
    return hazard.road in BY_HAND or (hazard.road is SubmissionChannel.API and hazard.source == OWN_SOURCE)


def is_too_old(hazard: HazardReported, rule: Rule, now: datetime) -> bool:
    return now > max(hazard.onset, hazard.expires or hazard.onset) + rule.max_age


Departed = dict[tuple[date, ...], int]  # households of one area, by all the dates on which they left it


@dataclass(frozen=True, slots=True)
class Window:
    """A range of dates, both ends included, whose departed households are counted together."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def decide_displacement(
    status: Status,
    area: str,
    day: date,
    departed: Departed,
    alerted: Iterable[Window],
    rules: Ruleset,
    now: datetime,
) -> Finding | Nothing:
    """Judges the households that left on `day`.

    They join the alert whose window contains the day. Without such an alert, the free window around the day with the
    most households decides.
    """
    rule = rules.displacement
    if rule is None or status not in ALERTED:
        return Nothing("no_rule")
    taken = list(alerted)
    joined = next((window for window in taken if day in window), None)
    window = joined or max(free_windows(day, rule.days, taken), key=lambda each: (total(departed, each), each.first))
    found = _displaced(status, area, window, departed, rule, now)
    if total(departed, window) >= rule.households:
        return found
    if joined is None or found.is_suppressed:
        return Nothing("below_threshold")
    return Nothing("below_threshold", found.situation, joined.dates)


def free_windows(day: date, days: int, taken: Iterable[Window]) -> list[Window]:
    """All windows of `days` dates that contain `day`, without the dates that an alert counts already."""
    before = max((window.last for window in taken if window.last < day), default=date.min)
    after = min((window.first for window in taken if window.first > day), default=date.max)
    starts = [day - timedelta(days=back) for back in reversed(range(days))]
    return [
        Window(max(start, before + timedelta(days=1)), min(start + timedelta(days=days - 1), after - timedelta(days=1)))
        for start in starts
    ]


def total(departed: Departed, window: Window) -> int:
    """The number of distinct households that left within the window."""
    return sum(households for dates, households in departed.items() if any(day in window for day in dates))


def _displaced(
    status: Status, area: str, window: Window, departed: Departed, rule: DisplacementRule, now: datetime
) -> Finding:
    households = total(departed, window)
    newest = max((day for dates in departed for day in dates if day in window), default=window.last)
    figures = {
        "households": households,
        "hours": rule.hours,
        "pcode": area,
        "first": window.first.isoformat(),
        "last": window.last.isoformat(),
        "newest": newest.isoformat(),
    }
    return Finding(
        situation=Situation(RuleKind.DISPLACEMENT, status, area, window.first.isoformat()),
        rule="displacement",
        reason=rule.reason,
        severity=rule.severity,
        onset=midnight(window.first),
        expires=midnight(window.last + timedelta(days=1)),
        is_suppressed=now > midnight(newest + timedelta(days=1)) + rule.max_age,
        figures=figures,
        pcodes=(area,),
        households=households,
    )


def midnight(day: date) -> datetime:
    """The start of the date in the country's time zone."""
    return datetime.combine(day, time(), TIME_ZONE)


def without_gaps(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if value is not None}
