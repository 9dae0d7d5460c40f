"""Grades an earthquake by the intensity (MSK-64) that is expected in the country's districts and cities."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from services.alerts.rules.findings import RANK, Finding
from services.alerts.rules.hazard import HazardRule
from services.alerts.rules.intensity import RUPTURE_MAGNITUDE
from services.alerts.rules.rule import RuleModel
from services.alerts.rules.shaking import Shaking
from shared.events import HazardReported
from shared.events.vocabulary import HazardType, Severity
from shared.places.points import unit_points

UNJUDGED = "quake_unjudged"
UNJUDGED_MAGNITUDE = 6.0
UNJUDGED_KM = 500.0


class IntensityStep(RuleModel):
    intensity: Annotated[float, Field(ge=1, le=12)]
    severity: Severity


class QuakeRule(HazardRule):
    """`severity` applies where the intensity may reach 6, and to an earthquake whose intensity is unknown."""

    name: ClassVar[str] = "quake"

    severity: Severity
    steps: tuple[IntensityStep, ...]

    def grade(self, hazard: HazardReported) -> Severity | None:
        if hazard.type is not HazardType.EARTHQUAKE or hazard.magnitude is None:
            return None
        shaking = Shaking.of(hazard)
        if shaking is not None and shaking.is_damaging:
            return self._severity_at(shaking.highest.intensity)
        return self.severity if is_unjudged(hazard, hazard.magnitude, shaking) else None

    def figures(self, hazard: HazardReported, now: datetime) -> dict[str, Any]:  # noqa: ARG002 - the rules share it
        is_rupture = hazard.magnitude is not None and hazard.magnitude >= RUPTURE_MAGNITUDE
        return {
            "magnitude": hazard.magnitude,
            "depth_km": hazard.depth_km,
            "source": hazard.source,
            "is_rupture": is_rupture or None,
            **expected(Shaking.of(hazard)),
        }

    def find(self, hazard: HazardReported, now: datetime) -> Finding | None:
        """The finding for the units that the earthquake may damage, also if the epicentre lies beyond the border."""
        finding, shaking = super().find(hazard, now), Shaking.of(hazard)
        if finding is None:
            return None
        if shaking is None or not shaking.is_damaging:
            return replace(finding, reason=UNJUDGED)
        return replace(finding, pcodes=shaking.damaged)

    def _severity_at(self, intensity: float) -> Severity:
        reached = (step.severity for step in self.steps if intensity >= step.intensity)
        return max((self.severity, *reached), key=RANK.__getitem__)


def expected(shaking: Shaking | None) -> dict[str, Any]:
    """The highest expected intensity with its place, and the units where the earthquake is expected to be felt."""
    if shaking is None:
        return {}
    highest = shaking.highest
    return {"intensity": round(highest.intensity, 2), "pcode": highest.pcode, "felt": list(shaking.felt)}


def is_unjudged(hazard: HazardReported, magnitude: float, shaking: Shaking | None) -> bool:
    """Whether a person must judge: too deep for the equations or a long rupture, and no severity by the source."""
    strong = UNJUDGED_MAGNITUDE if shaking is None else RUPTURE_MAGNITUDE
    return hazard.severity is Severity.UNKNOWN and magnitude >= strong and _is_near(hazard)


def _is_near(hazard: HazardReported) -> bool:
    point = hazard.area.point
    return point is None or any(unit.distance_km(point.lat, point.lon) <= UNJUDGED_KM for unit in unit_points())
