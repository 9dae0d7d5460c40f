"""Defines the interface of all rules.

A rule is a parsed table of the rules file, with three methods. `affected(changes)` returns the situations that a batch
has changed. `load(session, touched, alert_changes)` reads the facts about all these situations in few statements.
`judge(touched, facts, now)` returns a finding about one situation, or a reason for no finding.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.counts import Exposed
from services.alerts.rules.findings import Finding, Nothing, Situation
from shared.events import HazardReported
from shared.events.vocabulary import Mobility

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Changes_contra = TypeVar("Changes_contra", contravariant=True)
Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Touched:
    """A rule judges one of three: a hazard's report in `hazard`, a date in `day`, or an exposed district in `exposed`.

    `is_revised` is true if the hazard was stored before.
    """

    situation: Situation
    positions: tuple[int, ...] = ()
    hazard: HazardReported | None = None
    is_revised: bool = False
    day: date | None = None
    exposed: Exposed | None = None

    @property
    def report(self) -> HazardReported:
        assert self.hazard is not None, "the situation is not a hazard's"
        return self.hazard

    def freed_by(self, finding: Finding | Nothing) -> list["Touched"]:
        """Returns the situations to judge again: all dates in the window of an alert that was withdrawn."""
        return [replace(self, day=day) for day in finding.freed] if isinstance(finding, Nothing) else []


class AlertRule(Protocol[Changes_contra, Facts]):
    def affected(self, changes: Changes_contra) -> Sequence[Touched]: ...

    async def load(self, session: AsyncSession, touched: Sequence[Touched], alert_changes: "AlertChanges") -> Facts: ...

    def judge(self, touched: Touched, facts: Facts, now: datetime) -> Finding | Nothing: ...


async def judged(
    rules: Sequence[AlertRule[Changes_contra, Any]],
    changes: Changes_contra,
    alert_changes: "AlertChanges",
    session: AsyncSession,
    now: datetime,
) -> AsyncIterator[tuple[Touched, Finding | Nothing]]:
    """Apply each finding to `alert_changes` before you ask for the next judgement."""
    for rule in rules:
        touched = rule.affected(changes)
        facts = await rule.load(session, touched, alert_changes)
        for case in touched:
            finding = rule.judge(case, facts, now)
            yield case, finding
            for freed in case.freed_by(finding):
                yield freed, rule.judge(freed, facts, now)


class RuleModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(RuleModel):
    """Every rule has a reason code and a greatest age, and its alerts about older events notify nobody."""

    reason: Code
    max_age_hours: Hours

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.max_age_hours)


class CountingRule(Rule):
    households: Annotated[int, Field(ge=1)]
    mobility: Annotated[frozenset[Mobility], Field(min_length=1)]
