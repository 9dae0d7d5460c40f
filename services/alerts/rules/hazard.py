"""Decides whether a hazard gets an alert.

Each rule grades the report, and the highest grade counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import counts
from services.alerts.rules.findings import ALERTED, RANK, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.rule import Hours, Rule, Touched
from shared.country import COUNTRY
from shared.events import CENTRE, OF_PEOPLE, HazardReported
from shared.events.vocabulary import MsgType, Severity, SubmissionChannel, Urgency
from shared.places.watched import WatchedArea

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges
    from services.alerts.hazard_batches import HazardBatch
    from services.alerts.ruleset import Ruleset

AHEAD = timedelta(minutes=15)
TO_COME = frozenset({Urgency.EXPECTED, Urgency.FUTURE})
OWN_SOURCE = CENTRE


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedHazard(Touched):
    """`is_revised` is true if the hazard was stored before."""

    hazard: HazardReported
    is_revised: bool


@dataclass(frozen=True, slots=True)
class HazardRules:
    """The rules about hazards judge the same situations, and share the numbers of displaced households."""

    rules: "Ruleset"
    watched: WatchedArea

    def affected(self, changes: "HazardBatch") -> list[TouchedHazard]:
        revised = changes.revised
        return [
            TouchedHazard(situation_of(hazard), (position,), hazard=hazard, is_revised=hazard.hazard_id in revised)
            for position, hazard in changes.hazards.items()
        ]

    async def load(
        self,
        session: AsyncSession,
        touched: Sequence[TouchedHazard],
        alert_changes: "AlertChanges",  # noqa: ARG002 - as all rules
    ) -> Mapping[UUID, int]:
        """A new hazard cannot have displaced anybody, so only revised hazards are looked up."""
        revised = {case.hazard.hazard_id for case in touched if case.is_revised}
        return await counts.displaced(session, revised) if revised else {}

    def judge(self, touched: TouchedHazard, facts: Mapping[UUID, int], now: datetime) -> Finding | Nothing:
        finding = decide(touched.hazard, self.rules, self.watched, now)
        displaced = facts.get(touched.hazard.hazard_id)
        if isinstance(finding, Finding) and displaced:
            return replace(finding, figures={**finding.figures, "displaced": displaced})
        return finding


def decide(hazard: HazardReported, rules: "Ruleset", watched: WatchedArea, now: datetime) -> Finding | Nothing:
    """Returns the most severe of all rules' findings."""
    if hazard.status not in ALERTED:
        return Nothing("status_not_alerted")
    if hazard.msg_type is MsgType.CANCEL:
        return Nothing("cancelled")
    if hazard.is_nothing_found:
        return Nothing("nothing_found")
    # Intake filters feeds by area, so hazards from feeds are not filtered here.
    if hazard.channel is not SubmissionChannel.FEED and not watched.watches(hazard):
        return Nothing("out_of_area")
    findings = [finding for rule in rules.of_hazards if (finding := rule.find(hazard, now))]
    return max(findings, key=lambda finding: RANK[finding.severity]) if findings else Nothing("below_threshold")


class Judgement(NamedTuple):
    """`figures` is None if the rule computes no figures. The alert then has only the facts that the report states."""

    severity: Severity
    reason: str
    pcodes: tuple[str, ...]
    figures: Mapping[str, Any] | None = None


class AgeRule(Rule):
    """A rule about hazards.

    People's reports may be older, because a team may be without a signal for many hours.
    """

    max_age_hours_of_people: Hours = 48

    def is_too_old(self, hazard: HazardReported, now: datetime) -> bool:
        is_of_people = hazard.source in OF_PEOPLE
        hours = max(self.max_age_hours, self.max_age_hours_of_people) if is_of_people else self.max_age_hours
        return now > max(hazard.onset, hazard.expires or hazard.onset) + timedelta(hours=hours)


class HazardRule(AgeRule):
    """`name` is the name of the rule's table in the rules file."""

    name: ClassVar[str]

    def find(self, hazard: HazardReported, now: datetime) -> Finding | None:
        judgement = self.judgement(hazard)
        if judgement is None:
            return None
        figures = stated(hazard, now) if judgement.figures is None else judgement.figures
        return Finding(
            situation=situation_of(hazard),
            rule=self.name,
            reason=judgement.reason,
            severity=judgement.severity,
            severity_is_derived=judgement.severity != hazard.severity,
            onset=hazard.onset,
            expires=hazard.expires,
            is_suppressed=self.is_too_old(hazard, now),
            figures={name: value for name, value in figures.items() if value is not None},
            hazard_type=hazard.type,
            hazard_id=hazard.hazard_id,
            hazard_scope=hazard.scope,
            pcodes=judgement.pcodes,
        )

    def judgement(self, hazard: HazardReported) -> Judgement | None:
        """Returns None if the rule does not apply. The judgement has the units that the report names."""
        severity = self.grade(hazard)
        return None if severity is None else Judgement(severity, self.reason, hazard.area.pcodes)

    def grade(self, hazard: HazardReported) -> Severity | None:
        """Returns None if the rule does not apply."""
        raise NotImplementedError


def stated(hazard: HazardReported, now: datetime) -> dict[str, Any]:
    """If the onset is over 15 minutes ahead, the urgency is Future, or Expected if the report says so."""
    is_ahead = hazard.onset > now + AHEAD and hazard.urgency not in TO_COME
    urgency = Urgency.FUTURE if is_ahead else hazard.urgency
    return {"urgency": urgency.value, "certainty": hazard.certainty.value, "source": hazard.source}


def effective_severity(hazard: HazardReported, rules: "Ruleset") -> Severity:
    grades = [rule.grade(hazard) or Severity.UNKNOWN for rule in rules.of_hazards]
    return max((hazard.severity, *grades), key=RANK.__getitem__)


def situation_of(hazard: HazardReported) -> Situation:
    return Situation(RuleKind.HAZARD, hazard.status, COUNTRY, str(hazard.hazard_id))
