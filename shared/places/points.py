"""Known points: one in each district and in each city of oblast rank, and the points of the gazetteer's settlements."""

import csv
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import shapely
from shapely.geometry.base import BaseGeometry

from shared.places.areas import distance_km
from shared.places.places import Places
from shared.places.units import seed

# (longitude, latitude), as in GeoJSON
Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class UnitPoint:
    """`parent` is the oblast, or None if the unit is a city of oblast rank."""

    pcode: str
    parent: str | None
    lat: float
    lon: float

    def distance_km(self, lat: float, lon: float) -> float:
        return distance_km(self.lat, self.lon, lat, lon)


@cache
def unit_points() -> tuple[UnitPoint, ...]:
    parents = {unit.pcode: unit.parent for unit in seed()}
    rows = csv.DictReader(files("shared.places").joinpath("points.csv").read_text(encoding="utf-8").splitlines())
    return tuple(UnitPoint(row["pcode"], parents[row["pcode"]], float(row["lat"]), float(row["lon"])) for row in rows)


@cache
def unit_positions() -> dict[str, Position]:
    """A point in each unit of level 1 and 2."""
    text = files("shared.places").joinpath("oblasts.csv").read_text(encoding="utf-8")
    oblasts = {row["pcode"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(text.splitlines())}
    return oblasts | {unit.pcode: (unit.lon, unit.lat) for unit in unit_points()}


def is_near(lat: float, lon: float, km: float) -> bool:
    return any(unit.distance_km(lat, lon) <= km for unit in unit_points())


class KnownPoints:
    """The points of the units and, if a gazetteer is loaded, of the settlements in each unit."""

    def __init__(self, places: Places | None = None) -> None:
        self._settlements: dict[str, list[tuple[float, float]]] = defaultdict(list)
        if places is not None:
            for settlement in places.gazetteer.settlements():
                if settlement.lat is not None and settlement.lon is not None:
                    self._settlements[places.district(settlement.pcode)].append((settlement.lat, settlement.lon))

    def distances_km(self, lat: float, lon: float) -> Iterable[tuple[UnitPoint, float]]:
        """Yields each unit with the distance to its nearest known point."""
        # Scale the longitude, because a degree of longitude is shorter than a degree of latitude.
        narrow = math.cos(math.radians(lat))
        for unit in unit_points():
            points = [(unit.lat, unit.lon), *self._settlements.get(unit.pcode, ())]
            nearest = min(points, key=lambda point: (point[0] - lat) ** 2 + (narrow * (point[1] - lon)) ** 2)
            yield unit, distance_km(nearest[0], nearest[1], lat, lon)

    def nearest(self, shape: BaseGeometry, most: int) -> list[tuple[str, float]]:
        """Return at most `most` units, those nearest to the middle of the shape first, with the distances in km."""
        middle = shape.centroid
        units = sorted(self.distances_km(middle.y, middle.x), key=lambda near: near[1])
        return [(unit.pcode, km) for unit, km in units[:most]]

    def units_in(
        self, shapes: Iterable[BaseGeometry], others: Iterable[tuple[str, float, float]] = ()
    ) -> tuple[str, ...]:
        """Return the units with a known point in one of the shapes.

        `others` are additional points: code of the unit, latitude, longitude.
        """
        own = ((unit.pcode, unit.lat, unit.lon) for unit in unit_points())
        settlements = ((pcode, lat, lon) for pcode, points in self._settlements.items() for lat, lon in points)
        pcodes, lats, lons = zip(*own, *settlements, *others, strict=True)
        inside = {pcodes[index] for shape in shapes for index in shapely.intersects_xy(shape, lons, lats).nonzero()[0]}
        return tuple(sorted(inside))
