"""Decides by role and area which events an account sees, and which events are only hints without data for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.auth import access
from shared.auth.tokens import Principal, Role
from shared.events import HazardReported
from shared.places import Places

HAZARDS = HazardReported.topics()
TOPICS = (*HAZARDS, "households", "groups", "alerts", "outcomes")
GRANTS_ALERTS = "alerts"  # an integration's token with this purpose may read alerts

READERS: Mapping[str, frozenset[Role]] = {
    "hazards": access.STAFF | {Role.INTEGRATION},
    "hazards-restricted": access.STAFF,
    "alerts": access.STAFF,
    "households": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
    "groups": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
    "outcomes": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
}


class NotGranted(Exception):
    """This account may not listen to these topics."""


@dataclass(frozen=True, slots=True)
class StreamVisibility:
    """The rights of a group of listeners. All listeners with equal values get the same bytes.

    The events of the topics in `hints` are sent without data. `areas` is None for the whole country, and empty for no
    place.
    """

    topics: frozenset[str]
    hints: frozenset[str]
    areas: tuple[str, ...] | None
    deliveries: bool  # False for a wall screen, which does not show who was notified
    is_external: bool  # another system reads the districts of alerts, never villages

    @property
    def all_topics(self) -> frozenset[str]:
        return self.topics | self.hints


def visibility_of(principal: Principal, topics: Iterable[str]) -> StreamVisibility:
    """The rights of the account on these topics. Raises NotGranted.

    Staff get hints for a topic that they may not read, so that their board can update its counts.
    """
    wanted = frozenset(topics) & frozenset(TOPICS)
    read = frozenset(topic for topic in wanted if _reads(principal, topic))
    hints = wanted - read
    if not wanted or (hints and principal.roles.isdisjoint(access.STAFF)):
        raise NotGranted
    is_external = principal.roles.isdisjoint(access.STAFF)
    return StreamVisibility(read, hints, principal.own_areas, sees_deliveries(principal), is_external)


def sees_deliveries(principal: Principal) -> bool:
    return not principal.roles <= {Role.VIEWER}


def sees_localities(principal: Principal) -> bool:
    """Whether the account sees the localities of groups, as in the events of `groups`."""
    return _reads(principal, "groups")


def _reads(principal: Principal, topic: str) -> bool:
    if topic == "alerts" and Role.INTEGRATION in principal.roles and principal.purpose == GRANTS_ALERTS:
        return True
    if topic == "outcomes" and not principal.covers_country:
        return False  # outcomes have no place to compare with the areas
    return not principal.roles.isdisjoint(READERS[topic])


def districts_of(data: Mapping[str, Any], places: Places) -> list[str] | None:
    """The districts of an alert's P-codes; None if no P-code of the alert is more exact than a district.

    If the alert's hazard is not Public, another system must not learn the exact place of the hazard.
    """
    pcodes = data.get("pcodes") or []
    districts = list(dict.fromkeys(places.district(pcode) for pcode in pcodes))
    return None if districts == pcodes else districts


def sees(visibility_of: StreamVisibility, topic: str, data: Mapping[str, Any], places: Places) -> bool:
    """Whether the listeners see a record.

    Hazards are visible to all listeners of their topic. An alert is visible if it has no place, or if one of its places
    is in the areas or contains one of the areas. A household or group is visible if its destination is in the areas. If
    the destination has no P-code, the origin decides. The result of a delivery has no place, so only listeners of the
    whole country see it.
    """
    if "delivery_id" in data and not visibility_of.deliveries:
        return False
    if visibility_of.areas is None or topic in HAZARDS:
        return True
    if topic in ("households", "groups"):
        current = data["destination"].get("pcode") or data["origin"].get("pcode")
        return places.covers(visibility_of.areas, current)
    pcodes = data.get("pcodes")
    return pcodes is not None and (not pcodes or any(places.concerns(visibility_of.areas, pcode) for pcode in pcodes))
