"""Rings and circles of hazards, as the board stores them and as the map draws them. All functions are pure."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from shared.events import Area
from shared.places.areas import circle

# A hazard may have 50 rings with 2,000 corners each. Nobody can see so many corners.
MOST_CORNERS = 5_000
LEAST_CORNERS = 8
DIGITS = 4

Ring = list[list[float]]


def stored(area: Area) -> dict[str, Any] | None:
    """Returns the rings and circles of an area for the board's table, or None if the area has neither."""
    if not (area.polygons or area.circles):
        return None
    circles = [[circle.lat, circle.lon, circle.radius_km] for circle in area.circles]
    return {"rings": thinned(area.polygons), "circles": circles}


def thinned(rings: Sequence[Sequence[tuple[float, float]]]) -> list[Ring]:
    """Drops corners at equal steps, until at most about `MOST_CORNERS` remain.

    An algorithm that preserves the outline would take minutes for a hostile ring.
    """
    step = math.ceil(sum(map(len, rings)) / MOST_CORNERS)
    kept = ([*ring[:-1:step], ring[-1]] if len(ring) > LEAST_CORNERS * step else ring for ring in rings)
    return [[[round(lon, DIGITS), round(lat, DIGITS)] for lon, lat in ring] for ring in kept]


def polygons(shapes: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Circles become polygons."""
    if shapes is None:
        return []
    rings = [*shapes["rings"], *([*circle(*stated).exterior.coords] for stated in shapes["circles"])]
    return [{"type": "Polygon", "coordinates": [ring]} for ring in rings]
