"""Invented feed documents in the format of the USGS."""

import json
from typing import Any

ONSET_MS = 1_790_000_000_000
KADAMJAI = (71.5, 40.0)


def feature(
    name: str = "us7000aaaa",
    *,
    ids: str | None = None,
    at: tuple[float, float] = KADAMJAI,
    depth: float = 12.5,
    **changed: Any,
) -> Any:
    properties = {
        "mag": 5.1,
        "place": "20 km S of Kadamjai, Kyrgyzstan",
        "time": ONSET_MS,
        "updated": ONSET_MS + 600_000,
        "url": f"https://earthquake.usgs.gov/earthquakes/eventpage/{name}",
        "status": "reviewed",
        "ids": ids if ids is not None else f",{name},",
        "type": "earthquake",
        "title": "M 5.1 - 20 km S of Kadamjai, Kyrgyzstan",
        **changed,
    }
    geometry = {"type": "Point", "coordinates": [*at, depth]}
    return {"type": "Feature", "id": name, "properties": properties, "geometry": geometry}


def deleted(name: str = "us7000aaaa", *, updated: int, ids: str | None = None) -> Any:
    properties = {"status": "deleted", "updated": updated, "ids": ids or f",{name},", "mag": None, "time": None}
    return {"type": "Feature", "id": name, "properties": properties, "geometry": None}


def document(*features: Any) -> bytes:
    metadata = {"generated": ONSET_MS, "count": 999}
    return json.dumps({"type": "FeatureCollection", "metadata": metadata, "features": list(features)}).encode()
