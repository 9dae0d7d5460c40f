"""Where an earthquake is expected to be felt, and how strongly: the intensity in each district and city."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from services.alerts.rules.intensity import Tremor
from shared.events import Area, HazardReported, Point
from shared.places.points import UnitPoint, unit_points

DAMAGE = 6.0  # MSK-64: cracks in adobe and clay houses
FELT = 4.0  # MSK-64: felt indoors by many
EPICENTRAL_KM = 60.0  # from the point of a large district to its settlements


@dataclass(frozen=True, slots=True)
class ShakenUnit:
    """`pcode` is None if the report names no place that has a code."""

    pcode: str | None
    intensity: float


@dataclass(frozen=True, slots=True)
class Shaking:
    """The units by expected intensity, the highest first; never empty."""

    units: tuple[ShakenUnit, ...]
    sigma: float

    @classmethod
    def of(cls, hazard: HazardReported) -> Self | None:
        """None if the magnitude is unknown, or if the earthquake is too deep for the equations."""
        tremor = None if hazard.magnitude is None else Tremor.of(hazard.magnitude, hazard.depth_km)
        if tremor is None:
            return None
        units = sorted(_units(tremor, hazard.area), key=lambda unit: -unit.intensity)
        return cls(tuple(units), tremor.sigma)

    @property
    def highest(self) -> ShakenUnit:
        return self.units[0]

    @property
    def is_damaging(self) -> bool:
        return self.highest.intensity + self.sigma >= DAMAGE

    @property
    def damaged(self) -> tuple[str, ...]:
        """The units that the earthquake may damage."""
        return self._reached(DAMAGE - self.sigma)

    @property
    def felt(self) -> tuple[str, ...]:
        return self._reached(FELT)

    def _reached(self, intensity: float) -> tuple[str, ...]:
        return tuple(unit.pcode for unit in self.units if unit.pcode and unit.intensity >= intensity)


def _units(tremor: Tremor, area: Area) -> list[ShakenUnit]:
    """The intensity at each unit's point. In the epicentre's unit, and without a point, that of the epicentre counts.

    Settlements of the epicentre's unit can be nearer to the epicentre than the unit's point.
    """
    at_epicentre = tremor.intensity(0)
    if area.point is None:
        return [ShakenUnit(pcode, at_epicentre) for pcode in area.pcodes] or [ShakenUnit(None, at_epicentre)]
    epicentral, point = epicentral_unit(area.pcodes, area.point), area.point
    return [
        ShakenUnit(unit.pcode, at_epicentre if unit is epicentral else tremor.intensity(_distance(unit, point)))
        for unit in unit_points()
    ]


def epicentral_unit(pcodes: Iterable[str], epicentre: Point) -> UnitPoint | None:
    """The nearest unit that the report names; if it names none, the nearest unit within 60 km."""
    codes = frozenset(pcodes)
    named = [unit for unit in unit_points() if not codes.isdisjoint((unit.pcode, unit.parent))]
    near = [unit for unit in unit_points() if _distance(unit, epicentre) <= EPICENTRAL_KM]
    return min(named or near, key=lambda unit: _distance(unit, epicentre), default=None)


def _distance(unit: UnitPoint, point: Point) -> float:
    return unit.distance_km(point.lat, point.lon)
