"""Boundaries in memory: which unit a point lies in, which units an area touches."""

import math
from collections.abc import Iterable, Mapping, Sequence

from shapely import Point, Polygon, STRtree, make_valid
from shapely.geometry.base import BaseGeometry

EARTH_KM = 6371.0088
APART_CORNERS = 100  # 10 ms at most

Ring = Sequence[tuple[float, float]]


class Areas:
    """The finest level that covers the ground: level 2, and the level-1 cities that have no level 2 below them."""

    def __init__(self, shapes: Mapping[str, BaseGeometry]) -> None:
        self.shapes = dict(sorted(shapes.items()))
        self._pcodes = list(self.shapes)
        self._tree = STRtree(list(self.shapes.values()))

    def at(self, lat: float, lon: float) -> str | None:
        """The unit a point lies in; on a common border the first by code, so that all services say the same."""
        found = self._touched([Point(lon, lat)])
        return found[0] if found else None

    def touching(
        self,
        polygons: Iterable[Ring] = (),
        circles: Iterable[tuple[float, float, float]] = (),
        points: Iterable[tuple[float, float]] = (),
    ) -> tuple[str, ...]:
        """Rings of (lon, lat), circles of (lat, lon, km), points of (lat, lon)."""
        shapes: list[BaseGeometry] = [outline(ring) for ring in polygons]
        shapes += [circle(lat, lon, km) for lat, lon, km in circles]
        shapes += [Point(lon, lat) for lat, lon in points]
        return self._touched(shapes)

    def _touched(self, shapes: list[BaseGeometry]) -> tuple[str, ...]:
        # one by one: while one is looked for, no other thread runs
        touched = {index for shape in shapes for index in self._tree.query(shape, predicate="intersects").tolist()}
        return tuple(self._pcodes[index] for index in sorted(touched))


def outline(ring: Ring) -> BaseGeometry:
    """What a ring encloses; where a long one crosses or touches itself, all that lies between its corners.

    To take a ring apart takes a time that grows with the cube of its corners: minutes where there are a thousand.
    """
    drawn = Polygon(ring)
    if drawn.is_valid:
        return drawn
    return make_valid(drawn, method="structure") if len(ring) <= APART_CORNERS else drawn.convex_hull


def circle(lat: float, lon: float, km: float, corners: int = 48) -> Polygon:
    """A circle on the globe as a polygon of degrees."""
    return Polygon([destination(lat, lon, 360 * step / corners, km) for step in range(corners)])


def destination(lat: float, lon: float, bearing: float, km: float) -> tuple[float, float]:
    """(lon, lat) of the point so far away in that direction, on the sphere."""
    start, course, arc = math.radians(lat), math.radians(bearing), km / EARTH_KM
    north = math.asin(math.sin(start) * math.cos(arc) + math.cos(start) * math.sin(arc) * math.cos(course))
    east = math.atan2(
        math.sin(course) * math.sin(arc) * math.cos(start), math.cos(arc) - math.sin(start) * math.sin(north)
    )
    return lon + math.degrees(east), math.degrees(north)


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance; within half a percent of the ellipsoid's."""
    here, there = math.radians(lat), math.radians(other_lat)
    half = math.sin((there - here) / 2) ** 2
    half += math.cos(here) * math.cos(there) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(half))
