"""An Extreme alert in force inhibits milder alerts of the same hazard type in its districts.

Nobody is notified of an inhibited alert. For example, an earthquake with an Extreme alert has many aftershocks, and
everybody already acts on the earthquake.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.rules.findings import RuleKind
from services.alerts.silences.silences import MUTED
from shared.events import OF_PEOPLE
from shared.events.vocabulary import HazardType, ImpactLevel, Severity, Status

LONGEST = timedelta(hours=6)
HARMLESS = (None, ImpactLevel.GREEN)


@dataclass(frozen=True, slots=True)
class Inhibitor:
    """An Extreme alert can mute other alerts for 6 hours after it was raised."""

    alert_id: UUID
    status: Status
    hazard_type: HazardType
    pcodes: frozenset[str]
    raised_at: datetime

    @property
    def ends_at(self) -> datetime:
        return self.raised_at + LONGEST

    def mutes(self, alert: Alert, at: datetime) -> bool:
        return (
            alert.alert_id != self.alert_id
            and (alert.status, alert.hazard_type) == (self.status, self.hazard_type)
            and bool(alert.pcodes)
            and self.pcodes.issuperset(alert.pcodes)
            and self.raised_at <= at < self.ends_at
            and may_be_muted(alert)
        )


def inhibitor_of(
    alert: Alert, at: datetime, stored: Sequence[Inhibitor], newer: Mapping[UUID, Alert]
) -> Inhibitor | None:
    """The states of the `newer` alerts replace the states of the `stored` Extreme alerts."""
    if not may_be_muted(alert):
        return None
    unchanged = (inhibitor for inhibitor in stored if inhibitor.alert_id not in newer)
    known = chain(inhibitors(newer.values()), unchanged)
    return next((inhibitor for inhibitor in known if inhibitor.mutes(alert, at)), None)


def may_be_muted(alert: Alert) -> bool:
    """Only an alert of Moderate or below may be muted, and only if nobody is known to be harmed.

    A report by the centre's own people, or by a field team, may state casualties in its text, so its alert is never
    muted. If a person must judge the severity, the alert is never muted.
    """
    return (
        alert.kind is RuleKind.HAZARD
        and alert.severity in MUTED
        and not alert.is_unjudged
        and alert.figures.get("source") not in OF_PEOPLE
        and alert.figures.get("impact") in HARMLESS
        and not alert.figures.get("displaced")
        and not alert.households
    )


def inhibitors(alerts: Collection[Alert]) -> list[Inhibitor]:
    return [
        Inhibitor(alert.alert_id, alert.status, alert.hazard_type, frozenset(alert.pcodes), alert.raised_at)
        for alert in alerts
        if alert.severity is Severity.EXTREME
        and alert.kind is RuleKind.HAZARD
        and alert.hazard_type is not None
        and not (alert.is_lapsed or alert.is_suppressed or alert.resolved_at)
    ]
