"""The point and the district of a new event, as a person chose them on the map."""

from typing import Any

from shared.events.fields import PCode
from shared.places import Places


def spot(lat: float | None, lon: float | None, district: PCode | None, places: Places) -> dict[str, Any]:
    """Finds the unit of a point. Without imported boundaries, the unit is the `district` that the map states."""
    named = district if district and places.unit(district) else None
    if lat is None or lon is None:
        return {"point": None, "pcode": named}
    return {"point": {"lat": lat, "lon": lon}, "pcode": places.locate(lat, lon) or named}
