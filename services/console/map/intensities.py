"""Estimates the intensity (MSK-64) of earthquakes in each district, for the map.

The alerts about earthquakes use the same intensities.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from services.console.models import BoardHazard
from shared.events import Point
from shared.places.points import KnownPoints, unit_positions
from shared.quakes.shaking import FELT, Shaking

DEGREES = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


@dataclass(frozen=True, slots=True)
class ExpectedIntensity:
    pcode: str
    intensity: float
    quake: BoardHazard

    @property
    def degree(self) -> str:
        """Rounds the intensity to one decimal, as the page shows it, and then to a whole degree: 6.5 becomes 7."""
        nearest = floor(round(self.intensity, 1) + 0.5)
        return DEGREES[min(max(nearest, 1), len(DEGREES)) - 1]


def highest(quakes: Iterable[BoardHazard], points: KnownPoints) -> list[ExpectedIntensity]:
    strongest: dict[str, ExpectedIntensity] = {}
    felt = (expected for quake in quakes for expected in _felt(quake, points))
    for expected in sorted(felt, key=lambda expected: -expected.intensity):
        strongest.setdefault(expected.pcode, expected)
    return list(strongest.values())


def _felt(quake: BoardHazard, points: KnownPoints) -> Iterable[ExpectedIntensity]:
    epicentre = None if quake.lat is None or quake.lon is None else Point(lat=quake.lat, lon=quake.lon)
    shaking = Shaking.expected(quake.magnitude, quake.depth_km, epicentre, quake.pcodes, points)
    return (
        ExpectedIntensity(unit.pcode, unit.intensity, quake)
        for unit in (shaking.units if shaking else ())
        if unit.pcode in unit_positions() and unit.intensity >= FELT
    )
