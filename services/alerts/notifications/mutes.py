"""Collects what mutes alerts at a given time: begun silences, and Extreme alerts that inhibit milder alerts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.notifications.inhibitions import Inhibitor
from services.alerts.notifications.stages import Notification
from services.alerts.silences.silences import MUTED, Silence
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import Severity


@dataclass(frozen=True, slots=True)
class Mutes:
    at: datetime
    silences: Sequence[Silence]
    inhibitors: Sequence[Inhibitor]

    @property
    def severities(self) -> Collection[Severity]:
        if any(silence.is_severe_too for silence in self.silences):
            return frozenset(Severity)
        return MUTED if self.silences or self.inhibitors else frozenset()

    def equal(self, other: Self) -> bool:
        return (self.silences, self.inhibitors) == (other.silences, other.inhibitors)

    def muted(self, alerts: Iterable[Alert], places: Ancestry) -> set[UUID]:
        notifications = [
            Notification(alert, (), places, self.at, silences=self.silences, inhibitors=self.inhibitors)
            for alert in alerts
        ]
        return {notification.alert.alert_id for notification in notifications if notification.muted_by is not None}
