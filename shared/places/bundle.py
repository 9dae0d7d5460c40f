"""A places bundle is a read-only GeoJSON file of units with boundaries. Its version is a hash of the file."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from shapely import from_geojson
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from shared.places.units import FormerName, Unit, UnitKind

FORMAT = "dayar-places-1"

Shapes = dict[str, BaseGeometry]


class BadBundle(Exception):
    """The file is not a places bundle of this release; `dayar places import` writes one."""


def dump(units: Iterable[Unit], shapes: Mapping[str, BaseGeometry]) -> bytes:
    """Serialise units and boundaries. The same content always gives the same bytes."""
    features = [_feature(unit, shapes.get(unit.pcode)) for unit in sorted(units, key=lambda unit: unit.pcode)]
    whole = {"type": "FeatureCollection", "format": FORMAT, "features": features}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def load(file: Path) -> tuple[tuple[Unit, ...], Shapes, str]:
    """Units, boundaries and version."""
    content = file.read_bytes()
    try:
        whole = json.loads(content)
        if whole["format"] != FORMAT:
            raise BadBundle
        units = tuple(_unit(feature["properties"]) for feature in whole["features"])
        shapes = {f["properties"]["pcode"]: _shape(f["geometry"]) for f in whole["features"] if f["geometry"]}
    except (ValueError, KeyError, TypeError) as error:
        raise BadBundle from error
    return units, shapes, version(content)


def version(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def units_version(units: Iterable[Unit]) -> str:
    """The version of a list of units without boundaries."""
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
