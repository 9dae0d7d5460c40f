"""Turns events into rows of the board."""

from datetime import date, datetime, time, timedelta
from typing import Any

from services.console.map import shapes
from shared import events
from shared.country import TIME_ZONE
from shared.messaging.consumer import Received


def hazard(received: Received) -> dict[str, Any]:
    data = received.event.data.model_dump(mode="json")
    area = received.event.data.area
    point = area.point or next(iter(area.circles), None)
    return {
        **data,
        "pcodes": list(area.pcodes),
        "area": area.description,
        "lat": point.lat if point else None,
        "lon": point.lon if point else None,
        "shapes": shapes.stored(area),
    }


def household(received: Received) -> dict[str, Any]:
    """Only the first event has the time of the registration. `registered_at` is None in the rows of later events."""
    data = received.event.data
    whereabouts = data.whereabouts
    is_displacement = received.event.type == events.HouseholdRegistered.event_type
    return {
        **_moved(data),
        "persons": data.displaced_now,
        "registered_at": received.event.time.isoformat() if is_displacement else None,
        "confirmed_at": latest_time(data.last_confirmed_on, received.event.time),
        "is_return_presumed": whereabouts is not None and whereabouts.is_return_presumed,
    }


def latest_time(day: date, published_at: datetime) -> datetime:
    """Returns the latest possible time of a confirmation: the end of `day`, but not after `published_at`.

    Events about households state only the day, because the time could identify a household.
    """
    ends_at = datetime.combine(day + timedelta(days=1), time(), TIME_ZONE)
    return min(ends_at, published_at)


def group(received: Received) -> dict[str, Any]:
    """Makes the row of a count. The row has only the people who are still displaced at the place of the count."""
    data = received.event.data
    whereabouts = data.whereabouts
    return {
        **_moved(data),
        "persons": data.displaced_now,
        "households": data.households_now,
        "confirmed_at": latest_time(whereabouts.confirmed_on, received.event.time) if whereabouts else data.counted_at,
        "is_return_presumed": whereabouts is not None and whereabouts.is_return_presumed,
    }


def site(received: Received) -> dict[str, Any]:
    return dict(received.event.data.model_dump(mode="json"))


def _moved(data: Any) -> dict[str, Any]:
    return {
        **data.model_dump(mode="json"),
        "origin_pcode": data.origin.pcode,
        "origin_country": data.origin.country,
        "destination_pcode": data.destination.pcode,
        "destination_country": data.destination.country,
    }


def alert(received: Received) -> dict[str, Any]:
    is_suppressed = received.event.type == events.AlertSuppressed.event_type
    return {**received.event.data.model_dump(mode="json"), "is_suppressed": is_suppressed}


def delivery(received: Received) -> dict[str, Any]:
    return dict(received.event.data.model_dump(mode="json"))


def outcome(received: Received) -> dict[str, Any]:
    data = received.event.data.model_dump(mode="json")
    return {**data, "outcome_id": received.event.id, "settled_at": received.event.time.isoformat()}
