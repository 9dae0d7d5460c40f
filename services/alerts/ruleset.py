"""The configuration of the rules: a TOML file, validated when it is loaded."""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.events.vocabulary import HazardType, Mobility, Severity

PRODUCT = Path(__file__).parent / "rules.toml"
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]


class RuleModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(RuleModel):
    """The fields of every rule: its reason code, and the age beyond which an alert notifies nobody."""

    reason: Code
    max_age_hours: Hours

    @property
    def max_age(self) -> timedelta:
        return timedelta(hours=self.max_age_hours)


class MagnitudeStep(RuleModel):
    magnitude: Annotated[float, Field(ge=-5, le=12)]
    severity: Severity


class QuakeRule(Rule):
    steps: Annotated[tuple[MagnitudeStep, ...], Field(min_length=1)]


class SeverityRule(Rule):
    floor: Severity


class UnjudgedRule(Rule):
    """A hazard that a person reports without a severity gets its type's severity until somebody judges it."""

    severity: Severity
    severities: dict[HazardType, Severity] = {}

    def of(self, type: HazardType) -> Severity:
        return self.severities.get(type, self.severity)


class CountingRule(Rule):
    households: Annotated[int, Field(ge=1)]
    mobility: Annotated[frozenset[Mobility], Field(min_length=1)]


class DisplacementRule(CountingRule):
    hours: Hours
    severity: Severity

    @property
    def days(self) -> int:
        """How many dates a span of `hours` can touch.

        A date does not tell the hour, so the number is rounded up: a missed alert is worse than an early one.
        """
        return -int(-self.hours // 24) + 1


class ExposureRule(CountingRule):
    floor: Severity


Minutes = Annotated[float, Field(gt=0, le=60 * 24 * 366)]


class EscalationPolicy(RuleModel):
    """`minutes`: time to acknowledge an alert. `idle_minutes`: time from the acknowledgement to the next act.

    While the boards are unattended, both are half as long.
    """

    minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)]
    idle_minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)] = {Severity.EXTREME: 5, Severity.UNKNOWN: 15}
    unattended_minutes: Minutes = 30

    def wait(self, severity: Severity, *, is_acknowledged: bool = False) -> timedelta:
        minutes = self.idle_minutes if is_acknowledged else self.minutes
        return timedelta(minutes=minutes.get(severity, max(minutes.values())))

    @property
    def unattended(self) -> timedelta:
        return timedelta(minutes=self.unattended_minutes)


class Budget(RuleModel):
    """How many alerts of Moderate or below one external system may raise in an hour.

    Further alerts are withheld behind one alert about the system.
    """

    reason: Code = "source_unusual"
    alerts_per_hour: Annotated[int, Field(ge=1)] = 60


class Ruleset(RuleModel):
    quake: QuakeRule | None = None
    severity: SeverityRule | None = None
    unjudged: UnjudgedRule | None = None
    displacement: DisplacementRule | None = None
    exposure: ExposureRule | None = None
    escalation: EscalationPolicy
    budget: Budget = Budget()

    @classmethod
    def load(cls, path: Path | None = None) -> "Ruleset":
        return cls.model_validate(tomllib.loads((path or PRODUCT).read_text(encoding="utf-8")))
