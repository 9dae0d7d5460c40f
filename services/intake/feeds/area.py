"""Where a hazard has to lie to be ours: 300 km around the country, or what `INTAKE_AREA` names."""

from importlib.resources import files
from pathlib import Path

import shapely
from shapely.errors import GEOSException
from shapely.geometry.base import BaseGeometry

WORLD = "world"


class BadArea(Exception):
    """`INTAKE_AREA` is expected to name a GeoJSON file with polygons, or to be `world`."""


class WatchedArea:
    """`None` = the whole world."""

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
        return cls(polygons(files("services.intake.feeds").joinpath("area.geojson").read_text(encoding="utf-8")))

    def holds(self, lat: float, lon: float) -> bool:
        return self._shape is None or bool(shapely.intersects_xy(self._shape, lon, lat))


def polygons(text: str) -> BaseGeometry:
    """Everything that the document draws, as one shape. Raises BadArea."""
    try:
        shape = shapely.unary_union(shapely.get_parts(shapely.from_geojson(text)))
    except (GEOSException, ValueError) as error:
        raise BadArea from error
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadArea
    return shape
