"""Computes the expected intensity of an earthquake in each district and city."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from shared.events import HazardReported, Point
from shared.places.points import KnownPoints, UnitPoint, unit_points
from shared.quakes.intensity import Tremor

DAMAGE = 6.0  # MSK-64: adobe and clay houses crack
FELT = 4.0  # MSK-64: many people feel the earthquake indoors
EPICENTRAL_KM = 60.0  # distance from a district's point to its farthest settlements, in a large district


@dataclass(frozen=True, slots=True)
class ShakenUnit:
    """`pcode` is None if the report has neither a point nor P-codes."""

    pcode: str | None
    intensity: float


@dataclass(frozen=True, slots=True)
class Shaking:
    """`units` is sorted, the highest intensity first, and has at least one unit."""

    units: tuple[ShakenUnit, ...]
    sigma: float

    @classmethod
    def of(cls, hazard: HazardReported, points: KnownPoints) -> Self | None:
        area = hazard.area
        return cls.expected(hazard.magnitude, hazard.depth_km, area.point, area.pcodes, points)

    @classmethod
    def expected(
        cls,
        magnitude: float | None,
        depth_km: float | None,
        epicentre: Point | None,
        pcodes: Iterable[str],
        points: KnownPoints,
    ) -> Self | None:
        """Return None if the magnitude is unknown, or if the earthquake is deeper than 40 km."""
        tremor = None if magnitude is None else Tremor.of(magnitude, depth_km)
        if tremor is None:
            return None
        return cls(_units(tremor, epicentre, tuple(pcodes), points), tremor.sigma)

    @property
    def highest(self) -> ShakenUnit:
        return self.units[0]

    @property
    def is_damaging(self) -> bool:
        return self.highest.intensity + self.sigma >= DAMAGE

    @property
    def damaged(self) -> tuple[str, ...]:
        return self._reached(DAMAGE - self.sigma)

    @property
    def felt(self) -> tuple[str, ...]:
        return self._reached(FELT)

    def _reached(self, intensity: float) -> tuple[str, ...]:
        return tuple(unit.pcode for unit in self.units if unit.pcode and unit.intensity >= intensity)


@lru_cache(256)  # cached, because the grade, the figures and the area of an earthquake need the same result
def _units(tremor: Tremor, point: Point | None, pcodes: tuple[str, ...], points: KnownPoints) -> tuple[ShakenUnit, ...]:
    """Return the expected intensity in each unit, highest first.

    The intensity in a unit is the intensity at its nearest known point. The unit around the epicentre gets the
    intensity at the epicentre, because its settlements can be nearer than all known points. If the report has no point,
    each reported unit gets the intensity at the epicentre.
    """
    at_epicentre = tremor.intensity(0)
    if point is None:
        return tuple(ShakenUnit(pcode, at_epicentre) for pcode in pcodes or (None,))
    epicentral = epicentral_unit(pcodes, point)
    units = (
        ShakenUnit(unit.pcode, at_epicentre if unit is epicentral else tremor.intensity(distance_km))
        for unit, distance_km in points.distances_km(point.lat, point.lon)
    )
    return tuple(sorted(units, key=lambda unit: -unit.intensity))


def epicentral_unit(pcodes: Iterable[str], epicentre: Point) -> UnitPoint | None:
    """Return the nearest unit that the report names.

    If the report names no unit, return the nearest unit within 60 km.
    """
    codes = frozenset(pcodes)
    named = [unit for unit in unit_points() if not codes.isdisjoint((unit.pcode, unit.parent))]
    near = [unit for unit in unit_points() if _distance(unit, epicentre) <= EPICENTRAL_KM]
    return min(named or near, key=lambda unit: _distance(unit, epicentre), default=None)


def _distance(unit: UnitPoint, point: Point) -> float:
    return unit.distance_km(point.lat, point.lon)
