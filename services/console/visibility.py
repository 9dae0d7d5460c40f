"""Decides by role and area which events an account sees.

A hint tells the account that an event came, without its data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from services.console.hazards.granted_content import granted_content
from shared.auth import role_groups
from shared.auth.tokens import Principal, Role
from shared.events import HazardReported
from shared.events.hazards import RESTRICTED_HAZARDS
from shared.events.vocabulary import Scope
from shared.places import Places

HAZARDS = HazardReported.topics()
TOPICS = (*HAZARDS, "households", "groups", "alerts", "outcomes")
GRANTS_ALERTS = "alerts"  # another system may read alerts if its token has this purpose
OTHER_SYSTEM = frozenset({Role.INTEGRATION})

READERS: Mapping[str, frozenset[Role]] = {
    "hazards": role_groups.STAFF | {Role.INTEGRATION},
    "hazards-restricted": role_groups.STAFF,
    "alerts": role_groups.STAFF,
    "households": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
    "groups": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
    "outcomes": frozenset({Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}),
}


class NotGranted(Exception):
    """This account may not listen to these topics."""


@dataclass(frozen=True, slots=True)
class StreamVisibility:
    """All listeners with equal rights get the same bytes.

    Topics in `hints` are sent without data. `areas` is None for the whole country, and empty for nowhere. `granted` are
    the areas whose restricted hazards another system may read.
    """

    topics: frozenset[str]
    hints: frozenset[str]
    areas: tuple[str, ...] | None
    deliveries: bool  # a wall screen or another system must not learn who was notified
    is_external: bool  # other systems read districts in alerts, but never villages
    granted: tuple[str, ...] = ()

    @property
    def all_topics(self) -> frozenset[str]:
        return self.topics | self.hints


def visibility_of(principal: Principal, topics: Iterable[str], granted: tuple[str, ...] = ()) -> StreamVisibility:
    """Raises NotGranted.

    If staff ask for a topic that they may not read, they get hints. A hint tells the board to read its numbers again.
    """
    wanted = frozenset(topics) & frozenset(TOPICS)
    read = frozenset(
        topic for topic in wanted if _reads(principal, topic) or (granted and needs_grant(principal, [topic]))
    )
    hints = wanted - read
    if not wanted or (hints and principal.roles.isdisjoint(role_groups.STAFF)):
        raise NotGranted
    is_external = principal.roles.isdisjoint(role_groups.STAFF)
    return StreamVisibility(
        read,
        hints,
        principal.own_areas,
        sees_deliveries(principal) and not is_external,
        is_external,
        granted if is_external and RESTRICTED_HAZARDS in read else (),
    )


def needs_grant(principal: Principal, topics: Iterable[str]) -> bool:
    return may_be_granted(principal) and RESTRICTED_HAZARDS in topics


def may_be_granted(principal: Principal) -> bool:
    return principal.roles == OTHER_SYSTEM


def sees_deliveries(principal: Principal) -> bool:
    return not principal.roles <= {Role.VIEWER}


def sees_localities(principal: Principal) -> bool:
    """The topic `groups` contains the localities, so reading this topic is the condition."""
    return _reads(principal, "groups")


def _reads(principal: Principal, topic: str) -> bool:
    if topic == "alerts" and Role.INTEGRATION in principal.roles and principal.purpose == GRANTS_ALERTS:
        return True
    if topic == "outcomes" and not principal.covers_country:
        return False  # outcomes have no place that could be compared with the areas
    return not principal.roles.isdisjoint(READERS[topic])


def external(topic: str, data: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    if topic == RESTRICTED_HAZARDS:
        return granted_content(data)
    return data if topic in HAZARDS else by_district(data, places)


def by_district(alert: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    """Replaces villages by their districts, also in the figures.

    Other systems must not learn the exact place of a hazard that is not Public.
    """
    coarse = {**alert, "figures": {**alert.get("figures", {})}}
    figures = coarse["figures"]
    for holder, name in ((coarse, "pcodes"), (figures, "felt")):
        if pcodes := holder.get(name):
            holder[name] = list(dict.fromkeys(map(places.district, pcodes)))
    if pcode := figures.get("pcode"):
        figures["pcode"] = places.district(pcode)
    return alert if coarse == alert else coarse


def sees(visibility_of: StreamVisibility, topic: str, data: Mapping[str, Any], places: Places) -> bool:
    """True if the listeners may see the record.

    - A hazard is visible to all listeners of its topic. On the restricted topic, however, other systems see only the
      Restricted hazards of their grant.
    - An alert without a place is visible. An alert with places is visible if one of its places lies in the areas, or
      contains one of the areas. Other systems never see the alert of a Private hazard.
    - A household or group is visible if its destination is in the areas. If the destination has no P-code, the origin
      decides.
    - The result of a delivery has no place, so only listeners of the whole country see it.
    """
    if "delivery_id" in data and not visibility_of.deliveries:
        return False
    if visibility_of.is_external and not is_for_others(topic, data):
        return False
    if topic == RESTRICTED_HAZARDS and visibility_of.is_external:
        pcodes = data["area"].get("pcodes") or []
        return any(places.concerns(visibility_of.granted, pcode) for pcode in pcodes)
    if visibility_of.areas is None or topic in HAZARDS:
        return True
    if topic in ("households", "groups"):
        current = data["destination"].get("pcode") or data["origin"].get("pcode")
        return places.covers(visibility_of.areas, current)
    pcodes = data.get("pcodes")
    return pcodes is not None and (not pcodes or any(places.concerns(visibility_of.areas, pcode) for pcode in pcodes))


def is_for_others(topic: str, data: Mapping[str, Any]) -> bool:
    """Other systems see no record about a Private hazard.

    Other systems also see no alert that does not state the scope of its hazard; earlier versions of Dayar wrote such
    alerts.
    """
    if topic == RESTRICTED_HAZARDS:
        return data.get("scope") == Scope.RESTRICTED
    if topic != "alerts" or data.get("hazard_id") is None:
        return True
    return data.get("hazard_scope") in (Scope.PUBLIC, Scope.RESTRICTED)
