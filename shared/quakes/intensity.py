"""The expected intensity (MSK-64) of an earthquake at a distance from its epicentre.

The source is table 1 of Bindi et al. 2011, "Intensity prediction equations for Central Asia", Geophysical Journal
International 187, 327-337. The equations hold for shallow crustal earthquakes, and treat the rupture as a point.
"""

from dataclasses import dataclass
from math import hypot, log10

DEEPEST_KM = 40.0
SHALLOWEST_KM = 5.0  # smaller depths count as this depth, because BY_DEPTH divides by the depth
FIXED_KM = 15.0
DEFAULT_DEPTHS_KM = frozenset({0.0, 10.0, 33.0})  # networks report one of these depths when the real depth is unknown
RUPTURE_MAGNITUDE = 6.5  # at this magnitude and above, the rupture is too long to count as a point


@dataclass(frozen=True, slots=True)
class Equation:
    per_magnitude: float
    constant: float
    per_decade: float
    per_km: float
    sigma: float

    def intensity(self, magnitude: float, distance_km: float, depth_km: float) -> float:
        slant_km = hypot(distance_km, depth_km)
        decay = self.per_decade * log10(slant_km / depth_km) + self.per_km * (slant_km - depth_km)
        return self.per_magnitude * magnitude + self.constant - decay


BY_DEPTH = Equation(0.898, 1.215, 1.809, 0.003447, sigma=0.737)
AT_FIXED_DEPTH = Equation(1.049, 0.686, 2.706, 0.0001811, sigma=0.689)


@dataclass(frozen=True, slots=True)
class Tremor:
    """An earthquake not deeper than 40 km. `equation` is the equation for the earthquake's depth."""

    magnitude: float
    depth_km: float
    equation: Equation

    @classmethod
    def of(cls, magnitude: float, depth_km: float | None) -> "Tremor | None":
        """Return None for an earthquake deeper than 40 km, for which the equations do not hold."""
        if depth_km is None or depth_km in DEFAULT_DEPTHS_KM:
            return cls(magnitude, FIXED_KM, AT_FIXED_DEPTH)
        if depth_km > DEEPEST_KM:
            return None
        return cls(magnitude, max(depth_km, SHALLOWEST_KM), BY_DEPTH)

    @property
    def sigma(self) -> float:
        return self.equation.sigma

    def intensity(self, distance_km: float) -> float:
        return self.equation.intensity(self.magnitude, distance_km, self.depth_km)
