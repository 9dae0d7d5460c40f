"""Defines the interface of all rules.

A rule is a parsed table of the rules file, with three methods. `affected(changes)` returns the situations that a batch
has changed. `load(session, touched, alert_changes)` reads the facts about all these situations in few statements.
`judge(touched, facts, now)` returns a finding about one situation, or a reason for no finding.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.rules.findings import Finding, Nothing, Situation
from shared.events.vocabulary import Mobility

if TYPE_CHECKING:
    from services.alerts.changes import AlertChanges

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]
Changes_contra = TypeVar("Changes_contra", contravariant=True)
Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Touched:
    """A situation that a batch changes. Each rule adds the facts that it judges.

    `positions` are the records of the batch that change the situation.
    """

    situation: Situation
    positions: tuple[int, ...] = ()

    def freed_by(self, finding: Finding | Nothing) -> Sequence[Self]:  # noqa: ARG002 - only some rules free situations
        """Returns the situations to judge again, because an alert was withdrawn."""
        return ()


Case = TypeVar("Case", bound=Touched)


class AlertRule(Protocol[Changes_contra, Case, Facts]):
    def affected(self, changes: Changes_contra) -> Sequence[Case]: ...

    async def load(self, session: AsyncSession, touched: Sequence[Case], alert_changes: "AlertChanges") -> Facts: ...

    def judge(self, touched: Case, facts: Facts, now: datetime) -> Finding | Nothing: ...


async def judged(
    rules: Sequence[AlertRule[Changes_contra, Case, Any]],
    changes: Changes_contra,
    alert_changes: "AlertChanges",
    session: AsyncSession,
    now: datetime,
) -> AsyncIterator[tuple[Case, Finding | Nothing]]:
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
