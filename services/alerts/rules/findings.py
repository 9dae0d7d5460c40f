"""Defines what a rule returns about a situation: a finding, or nothing, each with a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from shared.events.vocabulary import HazardType, Scope, Severity, Status

ALERTED = frozenset({Status.ACTUAL, Status.EXERCISE, Status.TEST})
RANK = {
    severity: rank
    for rank, severity in enumerate(
        (Severity.UNKNOWN, Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
    )
}
TOO_OLD = "too_old"
OVER_BUDGET = "over_budget"
UNJUDGED_RULE = "unjudged"
QUAKE_UNJUDGED = "quake_unjudged"


class RuleKind(StrEnum):
    """A situation has one alert, even if several rules apply to it."""

    HAZARD = "hazard"
    DISPLACEMENT = "displacement"
    EXPOSURE = "exposure"
    SOURCE = "source"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Situation:
    """Two alerts never have the same situation.

    `name` is a hazard's id, the first date of a window, or a source with an hour.
    """

    kind: RuleKind
    status: Status
    area: str
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A suppressed alert is stored, but nobody is notified. `suppression` says why."""

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
    hazard_scope: Scope | None = None
    severity_is_derived: bool = False
    pcodes: tuple[str, ...] = ()
    households: int | None = None
    persons_step: int = 0  # The highest threshold in `again_at` that `persons` has reached.


@dataclass(frozen=True, slots=True)
class Nothing:
    """`taken_back` is a situation to which the rule does not apply any more, so its alert must lapse.

    `freed` has the dates of the withdrawn alert's window, which the rule must judge again.
    """

    reason: str
    taken_back: Situation | None = None
    freed: Sequence[date] = ()
