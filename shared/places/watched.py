"""The watched area: 300 km around the country, or the area that `INTAKE_AREA` names."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

from shared.errors import DocumentedError
from shared.events import Area
from shared.places.areas import circle, outline

WORLD = "world"


class BadArea(DocumentedError):
    """`INTAKE_AREA` is expected to name a GeoJSON file with polygons, or to be `world`."""


class WatchedArea:
    """The area from which intake accepts hazards. If `shape` is None, the area is the whole world."""

    def __init__(self, shape: BaseGeometry | None) -> None:
        self._shape = shape
        if shape is not None:
            shapely.prepare(shape)

    @classmethod
    def load(cls, name: str | None = None) -> "WatchedArea":
        if name == WORLD:
            return cls(None)
        if name:
            return cls(polygons(Path(name).read_text(encoding="utf-8")))
        return cls(polygons(files("shared.places").joinpath("area.geojson").read_text(encoding="utf-8")))

    def holds(self, lat: float, lon: float) -> bool:
        return self._shape is None or bool(shapely.intersects_xy(self._shape, lon, lat))

    def meets(self, area: Area) -> bool:
        """Whether the area's geometry touches the watched area. True if the area has P-codes or has no geometry."""
        drawn = [] if area.pcodes else list(shapes(area))
        return self._shape is None or not drawn or bool(shapely.intersects(self._shape, drawn).any())


def shapes(area: Area) -> Iterator[BaseGeometry]:
    for ring in area.polygons:
        yield outline(ring)
    for drawn in area.circles:
        yield circle(drawn.lat, drawn.lon, drawn.radius_km)
    if area.point:
        yield shapely.Point(area.point.lon, area.point.lat)


def polygons(text: str) -> BaseGeometry:
    """All polygons of a GeoJSON document as one shape. Raises BadArea."""
    try:
        shape = shapely.unary_union(shapely.get_parts(shapely.from_geojson(text)))
    except (GEOSException, ValueError) as error:
        raise BadArea from error
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadArea
    return shape
