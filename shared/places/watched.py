"""The area whose hazards intake accepts: 300 km around the country, or the area that `INTAKE_AREA` names.

Without `INTAKE_AREA`, intake also accepts strong earthquakes up to 500 km from a district's point, because people feel
them far away.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from shared.errors import DocumentedError
from shared.events import Area
from shared.events.vocabulary import HazardType
from shared.places.areas import circle, outline
from shared.places.points import is_near

WORLD = "world"
STRONG_MAGNITUDE = 6.0
STRONG_QUAKE_KM = 500.0


class Located(Protocol):
    @property
    def type(self) -> HazardType: ...
    @property
    def magnitude(self) -> float | None: ...
    @property
    def area(self) -> Area: ...


class BadArea(DocumentedError):
    """`INTAKE_AREA` is expected to name a GeoJSON file with polygons, or to be `world`."""


class WatchedArea:
    """If `shape` is None, the area is the whole world.

    `has_strong_quakes` also accepts strong earthquakes near the country.
    """

    def __init__(self, shape: BaseGeometry | None, *, has_strong_quakes: bool = False) -> None:
        self._shape, self._has_strong_quakes = shape, has_strong_quakes
        if shape is not None:
            shapely.prepare(shape)

    @classmethod
    def load(cls, name: str | None = None) -> "WatchedArea":
        if name == WORLD:
            return cls(None)
        if name:
            return cls(polygons(Path(name).read_text(encoding="utf-8")))
        drawn = files("shared.places").joinpath("area.geojson").read_text(encoding="utf-8")
        return cls(polygons(drawn), has_strong_quakes=True)

    def holds(self, lat: float, lon: float) -> bool:
        return self._shape is None or bool(shapely.intersects_xy(self._shape, lon, lat))

    def watches(self, hazard: Located) -> bool:
        return self.meets(hazard.area) or (self._has_strong_quakes and is_strong_quake_near(hazard))

    def meets(self, area: Area) -> bool:
        """True if the hazard's area touches the watched area.

        P-codes are always in the watched area. An area without geometry is accepted.
        """
        drawn = [] if area.pcodes else list(shapes(area))
        return self._shape is None or not drawn or bool(shapely.intersects(self._shape, drawn).any())


def is_strong_quake_near(hazard: Located) -> bool:
    """True for a strong earthquake near the country, which can be felt there from outside the drawn area."""
    point, magnitude = hazard.area.point, hazard.magnitude or 0.0
    is_strong = hazard.type is HazardType.EARTHQUAKE and magnitude >= STRONG_MAGNITUDE
    return is_strong and point is not None and is_near(point.lat, point.lon, STRONG_QUAKE_KM)


def shapes(area: Area) -> Iterator[BaseGeometry]:
    for ring in area.polygons:
        yield outline(ring)
    for drawn in area.circles:
        yield circle(drawn.lat, drawn.lon, drawn.radius_km)
    if area.point:
        yield shapely.Point(area.point.lon, area.point.lat)


def polygons(text: str) -> BaseGeometry:
    """As one shape. Raises BadArea."""
    try:
        shape = shapely.unary_union(shapely.get_parts(shapely.from_geojson(text)))
    except (GEOSException, ValueError) as error:
        raise BadArea from error
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadArea
    return shape
