"""The changes of the last hour for the board: new hazards, and what happened to alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

MOST = 20
# Each key is a column with the time of a change. The value is the code of the change, and the column of the account.
DEEDS = {
    "raised_at": ("raised", None),
    "acknowledged_at": ("acknowledged", "acknowledged_by"),
    "assigned_at": ("assigned", "assigned_to"),
    "confirmed_at": ("confirmed", None),
    "progressed_at": ("progressed", "progressed_by"),
    "resolved_at": ("resolved", "resolved_by"),
}


@dataclass(frozen=True, slots=True)
class RecentChange:
    """A change. `account` made the change, or is the account to which the alert was assigned."""

    changed_at: datetime
    deed: str
    alert: Any = None
    hazard: Any = None
    account: UUID | None = None


def changes(alerts: Iterable[Any], hazards: Iterable[Any], since: datetime) -> list[RecentChange]:
    """Returns the changes since `since`. If the same change of an alert happened twice, only the later one is known."""
    of_alerts = [
        RecentChange(moment, deed, alert=alert, account=getattr(alert, account) if account else None)
        for alert in alerts
        for column, (deed, account) in DEEDS.items()
        if (moment := getattr(alert, column)) is not None and moment > since
    ]
    of_hazards = [RecentChange(hazard.received_at, hazard.msg_type, hazard=hazard) for hazard in hazards]
    return sorted([*of_alerts, *of_hazards], key=lambda change: change.changed_at, reverse=True)[:MOST]
