"""Loads the rules' configuration. The TOML file is validated on loading."""

import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field

from services.alerts.notifications.waiting_times import EscalationDelays
from services.alerts.rules.displacement import DisplacementRule
from services.alerts.rules.exposure import ExposureRule
from services.alerts.rules.hazard import HazardRule
from services.alerts.rules.quake import QuakeRule
from services.alerts.rules.rule import Code, RuleModel
from services.alerts.rules.severity import SeverityRule
from services.alerts.rules.unjudged import UnjudgedRule
from shared.places.points import KnownPoints

PRODUCT = Path(__file__).parent / "rules.toml"


class Budget(RuleModel):
    """Limits how many alerts of Moderate or below an external system may raise in an hour.

    Alerts above the limit are withheld, and one alert says that the system exceeded its budget.
    """

    reason: Code = "source_unusual"
    alerts_per_hour: Annotated[int, Field(ge=1)] = 60


class Ruleset(RuleModel):
    quake: QuakeRule | None = None
    severity: SeverityRule | None = None
    unjudged: UnjudgedRule | None = None
    displacement: DisplacementRule | None = None
    exposure: ExposureRule | None = None
    escalation: EscalationDelays
    budget: Budget = Budget()

    @cached_property
    def of_hazards(self) -> tuple[HazardRule, ...]:
        """To add a rule, add a file in `rules/` and a field here."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        return tuple(rule for rule in fields if isinstance(rule, HazardRule))

    @classmethod
    def load(cls, path: Path | None = None, points: KnownPoints | None = None) -> "Ruleset":
        """Without `points`, earthquakes are judged at only one point of each unit."""
        rules = cls.model_validate(tomllib.loads((path or PRODUCT).read_text(encoding="utf-8")))
        if points and rules.quake:
            rules.quake.judge_at(points)
        return rules
