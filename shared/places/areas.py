"""Keeps boundaries in memory. Finds the unit that contains a point, and the units that an area touches."""

import math
from collections.abc import Iterable, Mapping, Sequence

from shapely import Point, Polygon, STRtree, make_valid, transform
from shapely.geometry.base import BaseGeometry

EARTH_KM = 6371.0088
CORNERS = 48  # a circle becomes a polygon with this number of corners
# simplification moves a boundary by at most some 200 m, less than the width of a line on the map
BOUNDARY_DEGREES = 0.002
BOUNDARY_DIGITS = 4
APART_CORNERS = 100  # up to this number of corners, `make_valid` takes at most 10 ms

Ring = Sequence[tuple[float, float]]


class Areas:
    """The boundaries of all level-2 units, and of the level-1 cities without level-2 units."""

    def __init__(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self.shapes = dict(sorted(shapes.items()))
        self._pcodes = list(self.shapes)
        self._tree = STRtree(list(self.shapes.values()))

    def at(self, lat: float, lon: float) -> str | None:
        """Return the unit at the point. If the point is on a border, return the unit with the lowest code."""
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
        # A separate query for each shape lets other threads run between the queries.
        touched = {index for shape in shapes for index in self._tree.query(shape, predicate="intersects").tolist()}
        return tuple(self._pcodes[index] for index in sorted(touched))


def outline(ring: Ring) -> BaseGeometry:
    """Return a valid shape.

    If the ring crosses or touches itself, `make_valid` repairs a short ring, and the convex hull replaces a long ring.
    For a ring with a thousand corners, `make_valid` would take minutes, because its time grows with the cube of the
    number of corners.
    """
    drawn = Polygon(ring)
    if drawn.is_valid:
        return drawn
    return make_valid(drawn, method="structure") if len(ring) <= APART_CORNERS else drawn.convex_hull


def circle(lat: float, lon: float, km: float) -> Polygon:
    """Return a polygon in degrees (lon, lat)."""
    return Polygon([destination(lat, lon, 360 * step / CORNERS, km) for step in range(CORNERS)])


def destination(lat: float, lon: float, bearing: float, km: float) -> tuple[float, float]:
    """Return the point (lon, lat) at this distance and bearing, on the sphere."""
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
    """Return the boundary with fewer corners, for drawing in a page."""
    simple = shape.simplify(BOUNDARY_DEGREES, preserve_topology=False)
    return transform(simple, lambda corners: corners.round(BOUNDARY_DIGITS))
