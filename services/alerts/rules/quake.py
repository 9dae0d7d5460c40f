"""Grades an earthquake by the intensity (MSK-64) that is expected in the districts and cities of the country.

Deep earthquakes, for which the equation does not hold, are graded by the intensity (MMI) or the impact (PAGER) that the
source states.
"""

from typing import Annotated, Any, ClassVar

from pydantic import Field, PrivateAttr

from services.alerts.rules.findings import QUAKE_UNJUDGED, RANK
from services.alerts.rules.hazard import HazardRule, Judgement
from services.alerts.rules.rule import RuleModel
from shared.events import HazardReported
from shared.events.hazards import Mmi, SourceShaking
from shared.events.vocabulary import HazardType, ImpactLevel, Severity
from shared.places.points import KnownPoints, is_near
from shared.places.watched import STRONG_MAGNITUDE, STRONG_QUAKE_KM
from shared.quakes.intensity import RUPTURE_MAGNITUDE
from shared.quakes.shaking import Shaking

BY_SOURCE = "quake_by_source"


class IntensityStep(RuleModel):
    intensity: Annotated[float, Field(ge=1, le=12)]
    severity: Severity


class QuakeRule(HazardRule):
    """`severity` is the grade if the intensity may reach 6 in a unit, or is unknown.

    `mmi` and `impacts` are for earthquakes too deep for the equation. For a deep earthquake, the grade is `severity` if
    the source states an intensity of at least `mmi`. The grade by `mmi` is never higher, because a deep earthquake is
    usually strongest beyond the border.
    """

    name: ClassVar[str] = "quake"

    severity: Severity
    steps: tuple[IntensityStep, ...]
    mmi: Mmi
    impacts: dict[ImpactLevel, Severity]
    _points: KnownPoints = PrivateAttr(default_factory=KnownPoints)

    def judge_at(self, points: KnownPoints) -> None:
        """Computes the intensity at all `points`, and not only at one point of each unit."""
        self._points = points

    def grade(self, hazard: HazardReported) -> Severity | None:
        judgement = self.judgement(hazard)
        return None if judgement is None else judgement.severity

    def judgement(self, hazard: HazardReported) -> Judgement | None:
        """An earthquake beyond the border is judged as well."""
        if hazard.type is not HazardType.EARTHQUAKE or hazard.magnitude is None:
            return None
        shaking = Shaking.of(hazard, self._points)
        judgement = self._judged(hazard, hazard.magnitude, shaking)
        return judgement and judgement._replace(figures=figures(hazard, hazard.magnitude, shaking))

    def _judged(self, hazard: HazardReported, magnitude: float, shaking: Shaking | None) -> Judgement | None:
        if shaking is not None and shaking.is_damaging:
            return Judgement(self._severity_at(shaking.highest.intensity), self.reason, shaking.damaged)
        if not _is_near(hazard):
            return None
        if shaking is None and (given := given_by_source(hazard.shaking)):
            severity = self._severity_by_source(**given)
            return None if severity is None else Judgement(severity, BY_SOURCE, hazard.area.pcodes)
        if is_unjudged(hazard, magnitude, shaking):
            return Judgement(self.severity, QUAKE_UNJUDGED, hazard.area.pcodes)
        return None

    def _severity_by_source(self, mmi: float | None = None, impact: ImpactLevel | None = None) -> Severity | None:
        grades = [self.severity] if mmi is not None and mmi >= self.mmi else []
        if impact in self.impacts:
            grades.append(self.impacts[impact])
        return max(grades, key=RANK.__getitem__, default=None)

    def _severity_at(self, intensity: float) -> Severity:
        reached = (step.severity for step in self.steps if intensity >= step.intensity)
        return max((self.severity, *reached), key=RANK.__getitem__)


def figures(hazard: HazardReported, magnitude: float, shaking: Shaking | None) -> dict[str, Any]:
    return {
        "magnitude": magnitude,
        "depth_km": hazard.depth_km,
        "source": hazard.source,
        "is_rupture": magnitude >= RUPTURE_MAGNITUDE or None,
        **expected(shaking),
        **given_by_source(hazard.shaking),
    }


def expected(shaking: Shaking | None) -> dict[str, Any]:
    """`felt` has the units where people probably feel the earthquake."""
    if shaking is None:
        return {}
    highest = shaking.highest
    return {"intensity": round(highest.intensity, 2), "pcode": highest.pcode, "felt": list(shaking.felt)}


def given_by_source(shaking: SourceShaking | None) -> dict[str, Any]:
    if shaking is None:
        return {}
    return {name: value for name in ("mmi", "impact") if (value := getattr(shaking, name)) is not None}


def is_unjudged(hazard: HazardReported, magnitude: float, shaking: Shaking | None) -> bool:
    """Returns True for a strong earthquake whose source states no severity, and which no equation fits.

    A person must judge the severity of this earthquake.
    """
    strong = STRONG_MAGNITUDE if shaking is None else RUPTURE_MAGNITUDE
    return hazard.severity is Severity.UNKNOWN and magnitude >= strong


def _is_near(hazard: HazardReported) -> bool:
    point = hazard.area.point
    return point is None or is_near(point.lat, point.lon, STRONG_QUAKE_KM)
