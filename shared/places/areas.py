"""Keeps boundaries in memory, and finds the unit of a point and the units that an area touches."""

import math
from collections.abc import Iterable, Mapping, Sequence

from shapely import Point, Polygon, STRtree, make_valid, transform
from shapely.geometry.base import BaseGeometry

EARTH_KM = 6371.0088
CORNERS = 48  # number of corners of a circle
BOUNDARY_DEGREES = 0.002  # boundaries are simplified by some 200 m, which is less than the width of a line on the map
BOUNDARY_DIGITS = 4
APART_CORNERS = 100  # a shape with at most this number of corners takes `make_valid` at most 10 ms

Ring = Sequence[tuple[float, float]]


class Areas:
    """The boundaries of all level-2 units, and of the level-1 cities without level-2 units."""

    def __init__(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self.shapes = dict(sorted(shapes.items()))
        self._pcodes = list(self.shapes)
        self._tree = STRtree(list(self.shapes.values()))

    def at(self, lat: float, lon: float) -> str | None:
        """If several units touch the point, the unit with the lowest code is used."""
        units = self._touched([Point(lon, lat)])
        return units[0] if units else None

    def touching(
        self,
        polygons: Iterable[Ring] = (),
        circles: Iterable[tuple[float, float, float]] = (),
        points: Iterable[tuple[float, float]] = (),
    ) -> tuple[str, ...]:
        """The points of a ring are (lon, lat), a circle is (lat, lon, km), and a point is (lat, lon)."""
        shapes: list[BaseGeometry] = [outline(ring) for ring in polygons]
        shapes += [circle(lat, lon, km) for lat, lon, km in circles]
        shapes += [Point(lon, lat) for lat, lon in points]
        return self._touched(shapes)

    def _touched(self, shapes: list[BaseGeometry]) -> tuple[str, ...]:
        # one query for each shape, so that other threads can run between the queries
        touched = {index for shape in shapes for index in self._tree.query(shape, predicate="intersects").tolist()}
        return tuple(self._pcodes[index] for index in sorted(touched))


def outline(ring: Ring) -> BaseGeometry:
    """A ring that crosses or touches itself is repaired by `make_valid` if it is short, or replaced by its convex hull.

    The time of `make_valid` grows with the cube of the number of corners: a thousand corners would take minutes.
    """
    drawn = Polygon(ring)
    if drawn.is_valid:
        return drawn
    return make_valid(drawn, method="structure") if len(ring) <= APART_CORNERS else drawn.convex_hull


def circle(lat: float, lon: float, km: float) -> Polygon:
    """The corners of the polygon are in degrees."""
    return Polygon([destination(lat, lon, 360 * step / CORNERS, km) for step in range(CORNERS)])


def destination(lat: float, lon: float, bearing: float, km: float) -> tuple[float, float]:
    """Returns (lon, lat), on the sphere."""
    start, course, arc = math.radians(lat), math.radians(bearing), km / EARTH_KM
    north = math.asin(math.sin(start) * math.cos(arc) + math.cos(start) * math.sin(arc) * math.cos(course))
    east = math.atan2(
        math.sin(course) * math.sin(arc) * math.cos(start), math.cos(arc) - math.sin(start) * math.sin(north)
    )
    return lon + math.degrees(east), math.degrees(north)


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance, within 0.5 % of the distance on the ellipsoid."""
    here, there = math.radians(lat), math.radians(other_lat)
    half = math.sin((there - here) / 2) ** 2
    half += math.cos(here) * math.cos(there) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))


def simplified(shape: BaseGeometry) -> BaseGeometry:
    """A boundary with so few corners that a page can draw it."""
    simple = shape.simplify(BOUNDARY_DEGREES, preserve_topology=False)
    return transform(simple, lambda corners: corners.round(BOUNDARY_DIGITS))
