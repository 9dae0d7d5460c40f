"""A places bundle is a read-only GeoJSON file of units with boundaries, and of the imported localities.

The version of a bundle is a hash of the file.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from shapely import from_geojson
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from shared.places import gazetteer
from shared.places.gazetteer import Locality
from shared.places.units import FormerName, Unit, UnitKind

FORMAT = "dayar-places-1"

Shapes = dict[str, BaseGeometry]


class BadBundle(Exception):
    """The file is not a places bundle that this release can read. `dayar places import` writes a bundle."""


class Bundle(NamedTuple):
    units: tuple[Unit, ...]
    shapes: Shapes
    localities: tuple[Locality, ...]
    version: str


def dump(units: Iterable[Unit], shapes: Mapping[str, BaseGeometry], localities: Iterable[Locality] = ()) -> bytes:
    """The same content always gives the same bytes."""
    features = [_feature(unit, shapes.get(unit.pcode)) for unit in sorted(units, key=lambda unit: unit.pcode)]
    whole: dict[str, Any] = {"type": "FeatureCollection", "format": FORMAT, "features": features}
    # Localities are outside the features, because the previous release would fail at a locality in the features.
    if listed := sorted(localities, key=lambda locality: locality.pcode):
        whole["localities"] = [gazetteer.to_json(locality) for locality in listed]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def load(file: Path) -> Bundle:
    """Raises BadBundle."""
    content = file.read_bytes()
    try:
        whole = json.loads(content)
        if whole["format"] != FORMAT:
            raise BadBundle
        units = tuple(_unit(feature["properties"]) for feature in whole["features"])
        shapes = {f["properties"]["pcode"]: _shape(f["geometry"]) for f in whole["features"] if f["geometry"]}
        localities = tuple(map(gazetteer.from_json, whole.get("localities", ())))
    except (ValueError, KeyError, TypeError) as error:
        raise BadBundle from error
    return Bundle(units, shapes, localities, version(content))


def version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def units_version(units: Iterable[Unit]) -> str:
    return version(dump(units, {}))


def _feature(unit: Unit, shape: BaseGeometry | None) -> dict[str, Any]:
    properties = asdict(unit)
    properties["valid_from"] = unit.valid_from.isoformat()
    properties["valid_to"] = unit.valid_to.isoformat() if unit.valid_to else None
    return {"type": "Feature", "properties": properties, "geometry": mapping(shape) if shape is not None else None}


def _unit(properties: dict[str, Any]) -> Unit:
    return Unit(
        pcode=properties["pcode"],
        parent=properties["parent"],
        level=properties["level"],
        kind=UnitKind(properties["kind"]),
        names=properties["names"],
        valid_from=date.fromisoformat(properties["valid_from"]),
        valid_to=date.fromisoformat(properties["valid_to"]) if properties["valid_to"] else None,
        aliases=tuple(properties["aliases"]),
        former=tuple(FormerName(before["names"], before["until"]) for before in properties["former"]),
    )


def _shape(geometry: dict[str, Any]) -> BaseGeometry:
    return from_geojson(json.dumps(geometry))
