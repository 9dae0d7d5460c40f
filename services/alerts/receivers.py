"""The receivers that the administrator configured, and which of them an alert concerns."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.alerts.alerts import Alert
from services.alerts.rules.findings import RANK
from shared.auth.tokens import Ancestry
from shared.country import COUNTRY
from shared.events.vocabulary import DeliveryChannel, Severity, Status


@dataclass(frozen=True, slots=True)
class Receiver:
    """`step` 0 is notified first, steps 1 and up when nobody answers; no areas = the whole country."""

    label: str
    channel: DeliveryChannel
    address: str
    language: str = "ky"
    statuses: frozenset[Status] = frozenset({Status.ACTUAL})
    step: int = 0
    areas: tuple[str, ...] = ()
    floor: Severity = Severity.MINOR

    def wants(self, alert: Alert, places: Ancestry) -> bool:
        return (
            alert.status in self.statuses
            and RANK[alert.severity] >= RANK[self.floor]
            and (not self.areas or not alert.pcodes or any(self.covers(pcode, places) for pcode in alert.pcodes))
        )

    def covers(self, pcode: str, places: Ancestry) -> bool:
        """Whether the receiver's areas include the place, lie in it, or lie above it."""
        above = (COUNTRY, pcode, *places.ancestors(pcode))
        return any(area in above or pcode in places.ancestors(area) for area in self.areas)


def at_level(receivers: Iterable[Receiver], alert: Alert, places: Ancestry) -> list[Receiver]:
    """The receivers to notify at the alert's level; beyond the last step, those of the last step again."""
    called = up_to_level(receivers, alert, places)
    last = max((receiver.step for receiver in called), default=0)
    return [receiver for receiver in called if receiver.step == last]


def up_to_level(receivers: Iterable[Receiver], alert: Alert, places: Ancestry) -> list[Receiver]:
    """The receivers to notify up to and including the alert's level.

    The level counts only steps that have a receiver who wants the alert: a gap in the steps must not skip a level.
    """
    wanting = [receiver for receiver in receivers if receiver.wants(alert, places)]
    steps = sorted({receiver.step for receiver in wanting})[: alert.level + 1]
    return [receiver for receiver in wanting if receiver.step in steps]
