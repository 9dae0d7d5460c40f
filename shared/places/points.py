"""A point in each district and each city of oblast rank, for use if no boundaries are loaded."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from shared.places.areas import distance_km
from shared.places.units import seed


@dataclass(frozen=True, slots=True)
class UnitPoint:
    """A unit and a point in it. `parent` is the oblast, or None if the unit is a city of oblast rank."""

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
