"""Who sees what of the stream: by role, by area, and what is told only as "something changed"."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.auth import access
from shared.auth.tokens import Principal, Role
from shared.places import Places

TOPICS = ("hazards", "households", "alerts", "outcomes")
GRANTS_ALERTS = "alerts"  # an integration token's purpose, given by an administrator

READERS: Mapping[str, frozenset[Role]] = {
    "hazards": access.STAFF | {Role.INTEGRATION},
    "alerts": access.STAFF,
    "households": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
    "outcomes": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
}


class NotGranted(Exception):
    """These topics are not for this account."""


@dataclass(frozen=True, slots=True)
class StreamVisibility:
    """A class of listeners: all of one class get the same bytes. `hints` are topics told without their data.

    `areas` None = the whole country; none at all sees no place.
    """

    topics: frozenset[str]
    hints: frozenset[str]
    areas: tuple[str, ...] | None
    deliveries: bool = True  # who was notified is no matter of a wall screen

    @property
    def asked(self) -> frozenset[str]:
        return self.topics | self.hints


def visibility_of(principal: Principal, asked: Iterable[str]) -> StreamVisibility:
    """Raises NotGranted. Staff who may not read a topic still learn that a count on their board has changed."""
    wanted = frozenset(asked) & frozenset(TOPICS)
    read = frozenset(topic for topic in wanted if _reads(principal, topic))
    hints = wanted - read
    if not wanted or (hints and principal.roles.isdisjoint(access.STAFF)):
        raise NotGranted
    areas = None if principal.covers_country else tuple(sorted(principal.areas))
    return StreamVisibility(read, hints, areas, sees_deliveries(principal))


def sees_deliveries(principal: Principal) -> bool:
    return not principal.roles <= {Role.VIEWER}


def _reads(principal: Principal, topic: str) -> bool:
    if topic == "alerts" and Role.INTEGRATION in principal.roles and principal.purpose == GRANTS_ALERTS:
        return True
    if topic == "outcomes" and not principal.covers_country:
        return False  # an outcome has no place, so it cannot be shown to have been in the area
    return not principal.roles.isdisjoint(READERS[topic])


def sees(visibility_of: StreamVisibility, topic: str, data: Mapping[str, Any], places: Places) -> bool:
    """Hazards are public; an alert without a place is everybody's, one over the oblast the district's too.

    A household is where it is now, or was while abroad. What came of a delivery names a receiver and no place, so it
    cannot be shown to concern the area.
    """
    if "delivery_id" in data and not visibility_of.deliveries:
        return False
    if visibility_of.areas is None or topic == "hazards":
        return True
    if topic == "households":
        current = data["destination"].get("pcode") or data["origin"].get("pcode")
        return current is not None and places.covers(visibility_of.areas, current)
    pcodes = data.get("pcodes")
    return pcodes is not None and (not pcodes or any(places.concerns(visibility_of.areas, pcode) for pcode in pcodes))
