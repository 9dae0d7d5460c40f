"""The changes of the last hour for the board: new hazards, and what happened to alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

MOST = 20
# Maps the column with the time of a change to the change's code on pages, and to the column with the account.
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
    """`account` is the account that made the change, or to which the alert was assigned."""

    changed_at: datetime
    deed: str
    alert: Any = None
    hazard: Any = None
    account: UUID | None = None


def changes(alerts: Iterable[Any], hazards: Iterable[Any], since: datetime) -> list[RecentChange]:
    """If a change of an alert was repeated, only the newest change is known."""
    of_alerts = [
        RecentChange(moment, deed, alert=alert, account=getattr(alert, account) if account else None)
        for alert in alerts
        for column, (deed, account) in DEEDS.items()
        if (moment := getattr(alert, column)) is not None and moment > since
    ]
    of_hazards = [RecentChange(hazard.received_at, hazard.msg_type, hazard=hazard) for hazard in hazards]
    return sorted([*of_alerts, *of_hazards], key=lambda change: change.changed_at, reverse=True)[:MOST]
