"""Who was not notified of an alert and why, as its page shows it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import NotificationOmissions
from services.alerts.notifications import Omission
from shared.pages.terms import N_

TEXTS: Mapping[str, str] = {
    Omission.OTHER_STATUS: N_("Not on the list for alerts of this status"),
    Omission.BELOW_FLOOR: N_("Gets only more severe alerts"),
    Omission.OTHER_AREA: N_("The alert is outside the recipient's area"),
    Omission.LATER_STEP: N_("Notified only if nobody acknowledges in time"),
    Omission.EARLIER_STEP: N_("This escalation notifies the next level"),
    Omission.CONCERNED_BEFORE: N_("Notified before the alert covered other places"),
    Omission.NEVER_NOTIFIED: N_("Updates go only to those who were notified of the alert"),
}


@dataclass(frozen=True, slots=True)
class OmittedReceiver:
    """A receiver that an alert's latest notification left out; `reason` is a text to translate."""

    recipient: str
    reason: str
    decided_at: datetime


async def of(session: AsyncSession, alert_id: UUID, deliveries: Iterable[Mapping[str, Any]]) -> list[OmittedReceiver]:
    """The receivers that were left out and have not been notified since, in the order of their labels."""
    notified = dict[str, int]()  # the last step by receiver
    for delivery in deliveries:
        notified[delivery["recipient"]] = max(delivery["step"], notified.get(delivery["recipient"], 0))
    omissions = NotificationOmissions
    notifications = select(omissions).where(omissions.alert_id == alert_id).order_by(omissions.step)
    omitted = dict[str, OmittedReceiver]()
    for notification in await session.scalars(notifications):
        for label, reason in notification.reasons.items():
            if notification.step > notified.get(label, 0):
                omitted[label] = OmittedReceiver(label, TEXTS.get(reason, reason), notification.decided_at)
    return [omitted[label] for label in sorted(omitted)]
