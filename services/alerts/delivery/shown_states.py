"""Events store no names of people, so this module finds the names of those who acted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActKind
from services.alerts.alerts import Alert
from services.alerts.models import Act
from services.alerts.queries import alerts as alert_queries
from services.alerts.transitions import replaced
from shared.events import AlertRaised

DEEDS = ("acknowledged", "progressed", "resolved")
PUBLISHED = AlertRaised.model_fields.keys() & Alert.model_fields.keys()


@dataclass(frozen=True, slots=True)
class ActedAlerts:
    """`actors` and `assignees` map an alert and the time of an action to a person's name."""

    newest: Mapping[UUID, Alert] = field(default_factory=dict)
    actors: Mapping[tuple[UUID, datetime], str] = field(default_factory=dict)
    assignees: Mapping[tuple[UUID, datetime], str] = field(default_factory=dict)

    def then(self, event: AlertRaised) -> Alert | AlertRaised:
        """If this release cannot read the alert, returns the event, which has no names."""
        alert = self.newest.get(event.alert_id)
        if alert is None:
            return event
        id, published = event.alert_id, {name: getattr(event, name) for name in PUBLISHED}
        names: dict[str, Any] = {f"{deed}_name": self._name(self.actors, id, published[f"{deed}_at"]) for deed in DEEDS}
        names["assigned_name"] = self._name(self.assignees, id, event.assigned_at)
        names["snoozed_name"] = alert.snoozed_name if alert.snoozed_until == event.snoozed_until else None
        return replaced(alert, **published, **names)

    @staticmethod
    def _name(names: Mapping[tuple[UUID, datetime], str], id: UUID, at: datetime | None) -> str | None:
        return None if at is None else names.get((id, at))


async def acted_alerts(session: AsyncSession, deliveries: Sequence[Mapping[str, Any]]) -> ActedAlerts:
    """Each delivery is a row of `listings.deliveries`."""
    ids = {delivery["alert_id"] for delivery in deliveries}
    wanted = select(Act.alert_id, Act.acted_at, Act.deed, Act.name, Act.text).where(Act.alert_id.in_(ids))
    actors, assignees = dict[tuple[UUID, datetime], str](), dict[tuple[UUID, datetime], str]()
    for id, at, deed, name, text in await session.execute(wanted):
        if name is not None:
            actors[id, at] = name
        if deed == ActKind.ASSIGNED and text is not None:
            assignees[id, at] = text.partition(": ")[0]
    return ActedAlerts(await alert_queries.by_id(session, ids), actors, assignees)
