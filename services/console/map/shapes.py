"""Rings and circles of hazards, as the board stores them and as the map draws them. All functions are pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from shapely import LineString

from shared.events import Area
from shared.places.areas import circle

# A hazard can have 50 rings of 2,000 corners. At the map's largest scale, nobody could see so many.
MOST_CORNERS = 5_000
FINEST_DEGREES = 0.001
DIGITS = 4

Ring = list[list[float]]


def stored(area: Area) -> dict[str, Any] | None:
    """The rings (longitude, latitude) and circles of an area. None if the area has none."""
    if not (area.polygons or area.circles):
        return None
    circles = [[each.lat, each.lon, each.radius_km] for each in area.circles]
    return {"rings": simplified(area.polygons), "circles": circles}


def simplified(rings: Iterable[Iterable[tuple[float, float]]]) -> list[Ring]:
    """The rings with at most `MOST_CORNERS` corners in all."""
    lines, degrees = [LineString(ring) for ring in rings], FINEST_DEGREES
    simple = [line.simplify(degrees) for line in lines]
    while sum(len(line.coords) for line in simple) > MOST_CORNERS:
        degrees *= 2
        simple = [line.simplify(degrees) for line in lines]
    return [[[round(lon, DIGITS), round(lat, DIGITS)] for lon, lat in line.coords] for line in simple]


def polygons(shapes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The GeoJSON polygons of a hazard. A circle becomes a polygon."""
    if shapes is None:
        return []
    rings = [*shapes["rings"], *([*circle(*each).exterior.coords] for each in shapes["circles"])]
    return [{"type": "Polygon", "coordinates": [ring]} for ring in rings]
