"""The kinds of record in the search, and the roles that may search for each kind."""

from collections.abc import Mapping
from enum import StrEnum

from services.console.visibility import READERS
from shared.auth import role_groups
from shared.auth.tokens import Principal, Role
from shared.events.vocabulary import Mobility, Validity


class SearchKind(StrEnum):
    ALERTS = "alerts"
    HAZARDS = "hazards"
    GROUPS = "groups"
    SITES = "sites"


class AlertProgress(StrEnum):
    """The codes of `Work`, except `reopened`: the search treats a reopened alert like any open alert."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    CLOSED = "closed"


HAZARD_STATES = (Validity.IN_FORCE, Validity.EXPIRED, Validity.CANCELLED)
# For each kind: the group of terms with the names of its states, and the states.
STATES: Mapping[SearchKind, tuple[str, tuple[str, ...]]] = {
    SearchKind.ALERTS: ("work", tuple(AlertProgress)),
    SearchKind.HAZARDS: ("validity", HAZARD_STATES),
    SearchKind.GROUPS: ("mobility", tuple(Mobility)),
    SearchKind.SITES: ("mobility", ()),
}
FINDERS: Mapping[SearchKind, frozenset[Role]] = {
    SearchKind.ALERTS: READERS["alerts"],
    SearchKind.HAZARDS: READERS["hazards-restricted"],
    SearchKind.GROUPS: READERS["groups"],
    SearchKind.SITES: role_groups.COUNTERS,
}
WITH_SOURCE = (SearchKind.ALERTS, SearchKind.HAZARDS)


def kinds_of(principal: Principal) -> tuple[SearchKind, ...]:
    return tuple(kind for kind in SearchKind if not principal.roles.isdisjoint(FINDERS[kind]))
