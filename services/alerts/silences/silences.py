"""A silence mutes alerts of certain areas, hazard types or sources. Nobody is notified of a muted alert."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.alerts.alerts import Alert
from shared.auth.tokens import Ancestry
from shared.country import COUNTRY
from shared.events.vocabulary import HazardType, Severity

LONGEST = timedelta(hours=24)
MUTED = frozenset({Severity.MINOR, Severity.MODERATE})


@dataclass(frozen=True, slots=True)
class Silence:
    """An alert is muted if it matches all conditions, which are `areas`, `hazards` and `sources`.

    An empty condition matches every alert.

    `is_severe_too` also mutes alerts of Severe, Extreme or Unknown severity, and alerts whose severity a person must
    judge. Only duty heads may set `is_severe_too`.
    """

    silence_id: UUID
    areas: tuple[str, ...]
    hazards: tuple[HazardType, ...]
    is_severe_too: bool
    account_id: UUID
    name: str
    reason: str
    created_at: datetime
    begins_at: datetime
    ends_at: datetime
    sources: tuple[str, ...] = ()

    def mutes(self, alert: Alert, places: Ancestry, at: datetime) -> bool:
        return (
            self.begins_at <= at < self.ends_at
            and (self.is_severe_too or (alert.severity in MUTED and not alert.is_unjudged))
            and (not self.hazards or alert.hazard_type in self.hazards)
            and (not self.sources or alert.figures.get("source") in self.sources)
            and (not self.areas or self._covers_all(alert, places))
        )

    def _covers_all(self, alert: Alert, places: Ancestry) -> bool:
        """An alert that also covers places outside the silence is not muted."""
        return bool(alert.pcodes) and all(
            any(area in (COUNTRY, pcode, *places.ancestors(pcode)) for area in self.areas) for pcode in alert.pcodes
        )
