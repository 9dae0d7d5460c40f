"""Decides by role and area which events an account may see.

Instead of an event, an account may get a hint. A hint says only that an event came.
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
GRANTS_ALERTS = "alerts"  # a token with this purpose lets another system read alerts
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
    """The rights of a listener. All listeners with equal rights get the same bytes.

    - `hints`: topics whose events are sent without data
    - `areas`: None for the whole country, empty for no area
    - `granted`: areas whose restricted hazards another system may read
    """

    topics: frozenset[str]
    hints: frozenset[str]
    areas: tuple[str, ...] | None
    deliveries: bool  # wall screens and other systems must not learn who was notified
    is_external: bool  # other systems get districts in alerts, never villages
    granted: tuple[str, ...] = ()

    @property
    def all_topics(self) -> frozenset[str]:
        return self.topics | self.hints


def visibility_of(principal: Principal, topics: Iterable[str], granted: tuple[str, ...] = ()) -> StreamVisibility:
    """Returns the rights of the account. Raises NotGranted.

    Staff get hints for the topics that they may not read. After a hint, the board reads its numbers again.
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
    """Returns True if the account may read the topic `groups`, because this topic contains localities."""
    return _reads(principal, "groups")


def _reads(principal: Principal, topic: str) -> bool:
    if topic == "alerts" and Role.INTEGRATION in principal.roles and principal.purpose == GRANTS_ALERTS:
        return True
    if topic == "outcomes" and not principal.covers_country:
        return False  # an outcome has no place, so its area is not known
    return not principal.roles.isdisjoint(READERS[topic])


def external(topic: str, data: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    if topic == RESTRICTED_HAZARDS:
        return granted_content(data)
    return data if topic in HAZARDS else by_district(data, places)


def by_district(alert: Mapping[str, Any], places: Places) -> Mapping[str, Any]:
    """Replaces villages by their districts, in the figures too.

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
    """Returns True if the listeners may see the record.

    - Hazards: every listener of the topic. On the restricted topic, however, another system sees only the Restricted
      hazards of its grant.
    - Alerts with a place: listeners with an area that lies in the place or contains the place. Alerts without a place:
      every listener. Other systems never see the alert of a Private hazard.
    - Households and groups: listeners whose areas contain the destination. Without a P-code of the destination, the
      origin counts.
    - Results of deliveries: only listeners of the whole country, because a result has no place.
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
    """Returns False for records that no other system may see.

    These are Private hazards, alerts about Private hazards, and alerts that do not state the scope of their hazard.
    Earlier versions of Dayar wrote alerts without this scope.
    """
    if topic == RESTRICTED_HAZARDS:
        return data.get("scope") == Scope.RESTRICTED
    if topic != "alerts" or data.get("hazard_id") is None:
        return True
    return data.get("hazard_scope") in (Scope.PUBLIC, Scope.RESTRICTED)
