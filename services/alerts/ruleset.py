"""The configuration of the rules. The TOML file is validated when it is loaded."""

import tomllib
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from services.alerts.rules.displacement import DisplacementRule
from services.alerts.rules.exposure import ExposureRule
from services.alerts.rules.hazard import HazardRule
from services.alerts.rules.quake import QuakeRule
from services.alerts.rules.rule import Code, RuleModel
from services.alerts.rules.severity import SeverityRule
from services.alerts.rules.unjudged import UnjudgedRule
from shared.events.vocabulary import Severity
from shared.places import Places
from shared.places.points import KnownPoints

if TYPE_CHECKING:
    from services.alerts.alerts import Alert

PRODUCT = Path(__file__).parent / "rules.toml"
Minutes = Annotated[float, Field(gt=0, le=60 * 24 * 366)]


class EscalationDelays(RuleModel):
    """How long alerts of each severity wait before they ring or escalate.

    An alert waits `minutes` for an acknowledgement, and after that `idle_minutes` for each further action. An alert
    whose severity a person must judge waits at most `unjudged_minutes` for an acknowledgement. While the boards are
    unattended, all these times are half as long.
    """

    minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)]
    idle_minutes: Annotated[dict[Severity, Minutes], Field(min_length=1)] = Field(
        default_factory=lambda: {Severity.EXTREME: 5.0, Severity.UNKNOWN: 15.0}
    )
    unjudged_minutes: Minutes = 10
    unattended_minutes: Minutes = 30

    def wait(self, alert: "Alert", *, is_acknowledged: bool = False) -> timedelta:
        by_severity = self.idle_minutes if is_acknowledged else self.minutes
        minutes = by_severity.get(alert.severity, max(by_severity.values()))
        if alert.is_unjudged and not is_acknowledged:
            minutes = min(minutes, self.unjudged_minutes)
        return timedelta(minutes=minutes)

    @property
    def unattended(self) -> timedelta:
        return timedelta(minutes=self.unattended_minutes)


class Budget(RuleModel):
    """How many alerts of Moderate or below one external system may raise in an hour.

    Further alerts are withheld, and one alert about the system is raised.
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
        """The enabled rules about hazards. A new rule needs a file in `rules/` and a field here."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        return tuple(rule for rule in fields if isinstance(rule, HazardRule))

    @classmethod
    def load(cls, path: Path | None = None, places: Places | None = None) -> "Ruleset":
        """Loads the rules of the file.

        With `places`, earthquakes are also judged at every settlement of the gazetteer.
        """
        rules = cls.model_validate(tomllib.loads((path or PRODUCT).read_text(encoding="utf-8")))
        if places and rules.quake:
            rules.quake.judge_at(KnownPoints(places))
        return rules
