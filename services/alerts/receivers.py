"""The receivers that the administrator configured."""

from dataclasses import dataclass

from shared.auth.tokens import Ancestry
from shared.country import COUNTRY
from shared.events.vocabulary import DeliveryChannel, Severity, Status


@dataclass(frozen=True, slots=True)
class Receiver:
    """Receivers with `step` 0 are notified first. If nobody answers, receivers with higher steps are notified.

    Empty `areas` match every area. Every receiver gets every alert of its areas. Only an internal receiver, which
    belongs to the centre, also gets the texts of hazards that are not Public.
    """

    label: str
    channel: DeliveryChannel
    address: str
    language: str = "ky"
    statuses: frozenset[Status] = frozenset({Status.ACTUAL})
    step: int = 0
    areas: tuple[str, ...] = ()
    floor: Severity = Severity.MINOR
    is_internal: bool = False

    def covers(self, pcode: str, places: Ancestry) -> bool:
        """Whether the place is one of the receiver's areas, is part of such an area, or contains such an area."""
        above = (COUNTRY, pcode, *places.ancestors(pcode))
        return any(area in above or pcode in places.ancestors(area) for area in self.areas)
