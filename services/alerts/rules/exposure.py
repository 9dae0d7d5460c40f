"""Raises a separate alert about a hazard if displaced households live in a district that the hazard covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.counts import Exposed
from services.alerts.rules.findings import ALERTED, RANK, Finding, Nothing, RuleKind, Situation
from services.alerts.rules.hazard import effective_severity
from services.alerts.rules.rule import CountingRule, Touched
from shared.events import HazardReported
from shared.events.vocabulary import MsgType, Severity

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges
    from services.alerts.ruleset import Ruleset


class ExposureRule(CountingRule):
    floor: Severity


@dataclass(frozen=True, slots=True)
class ExposureRules:
    """The exposure rule. `rules` also has the rules about hazards, because they decide the severity of the hazard."""

    rules: "Ruleset"

    def affected(self, changes: Sequence[tuple[HazardReported, Exposed]]) -> list[Touched]:
        return [Touched(situation_of(hazard, exposed), hazard=hazard, exposed=exposed) for hazard, exposed in changes]

    async def load(self, session: AsyncSession, touched: Sequence[Touched], alert_changes: "AlertChanges") -> None:
        """Loads nothing, because the changes already contain the counts."""

    def judge(self, touched: Touched, facts: None, now: datetime) -> Finding | Nothing:  # noqa: ARG002
        exposed = touched.exposed
        assert exposed is not None
        if exposed.gone:
            return Nothing(exposed.gone)
        return decide_exposure(touched.report, exposed.area, exposed.exposed, self.rules, now)


def situation_of(hazard: HazardReported, exposed: Exposed) -> Situation:
    return Situation(RuleKind.EXPOSURE, hazard.status, exposed.area, str(hazard.hazard_id))


def decide_exposure(
    hazard: HazardReported, area: str, households: int, rules: "Ruleset", now: datetime
) -> Finding | Nothing:
    """The finding for the exposure alert about one district.

    The alert is about the displaced households in the district, and is separate from the hazard's own alert.
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
        is_suppressed=rule.is_too_old(hazard, now),
        figures={"households": households, "pcode": area},
        hazard_type=hazard.type,
        hazard_id=hazard.hazard_id,
        pcodes=(area,),
        households=households,
    )
