"""Grades an earthquake in or near the country by its magnitude."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from services.alerts.rules.findings import RANK
from services.alerts.rules.hazard import HazardRule
from services.alerts.rules.rule import RuleModel
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity


class MagnitudeStep(RuleModel):
    magnitude: Annotated[float, Field(ge=-5, le=12)]
    severity: Severity


class QuakeRule(HazardRule):
    name: ClassVar[str] = "quake"

    steps: Annotated[tuple[MagnitudeStep, ...], Field(min_length=1)]

    def grade(self, hazard: HazardReported) -> Severity | None:
        if hazard.type is not HazardType.EARTHQUAKE or hazard.magnitude is None:
            return None
        reached = [step.severity for step in self.steps if hazard.magnitude >= step.magnitude]
        return max(reached, key=RANK.__getitem__, default=None)

    def figures(self, hazard: HazardReported, now: datetime) -> dict[str, Any]:  # noqa: ARG002 - the rules share it
        return {"magnitude": hazard.magnitude, "depth_km": hazard.depth_km, "source": hazard.source}
