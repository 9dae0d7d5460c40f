"""Collects what mutes alerts at a given time: begun silences, and Extreme alerts that inhibit milder alerts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.inhibitions import Inhibitor, inhibitor_of
from services.alerts.notifications.stages import Omission
from services.alerts.silences.silences import MUTED, Silence
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Mute:
    """`muted_by` is the id of a silence or of an Extreme alert. `omission` is the reason that is recorded."""

    muted_by: UUID
    ends_at: datetime
    omission: Omission

    @property
    def inhibited_by(self) -> UUID | None:
        return self.muted_by if self.omission is Omission.INHIBITED else None


@dataclass(frozen=True, slots=True)
class Mutes:
    """`alerts` are the alerts of a transaction. The states of these alerts are newer than the `inhibitors`."""

    at: datetime
    silences: Sequence[Silence]
    inhibitors: Sequence[Inhibitor]
    alerts: Mapping[UUID, Alert] = field(default_factory=dict)

    @property
    def severities(self) -> Collection[Severity]:
        if any(silence.is_severe_too for silence in self.silences):
            return frozenset(Severity)
        return MUTED if self.silences or self.inhibitors else frozenset()

    def equal(self, other: Self) -> bool:
        return (self.silences, self.inhibitors) == (other.silences, other.inhibitors)

    def mute_of(self, alert: Alert, places: Ancestry) -> Mute | None:
        """Silences have precedence over Extreme alerts."""
        for silence in self.silences:
            if silence.mutes(alert, places, self.at):
                return Mute(silence.silence_id, silence.ends_at, Omission.SILENCED)
        inhibitor = inhibitor_of(alert, self.at, self.inhibitors, self.alerts)
        return None if inhibitor is None else Mute(inhibitor.alert_id, inhibitor.ends_at, Omission.INHIBITED)

    def muted(self, alerts: Iterable[Alert], places: Ancestry) -> set[UUID]:
        return {alert.alert_id for alert in alerts if self.mute_of(alert, places) is not None}
