"""Finds the receivers that were not notified of an alert, and the reasons, for the alert's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import Delivery, NotificationOmissions
from services.alerts.notifications import Omission
from shared.pages.terms import N_

TEXTS: Mapping[str, str] = {
    Omission.OTHER_STATUS: N_("Not on the list for alerts of this status"),
    Omission.BELOW_FLOOR: N_("Gets only more severe alerts"),
    Omission.OTHER_AREA: N_("The alert is outside the recipient's area"),
    Omission.OTHER_HAZARD: N_("Gets only alerts about other types of hazards"),
    Omission.OTHER_HOURS: N_("Outside the recipient's hours"),
    Omission.LATER_STEP: N_("Notified only if nobody acknowledges in time"),
    Omission.EARLIER_STEP: N_("This escalation notifies the next level"),
    Omission.CONCERNED_BEFORE: N_("The alert covered the recipient's area before"),
    Omission.ADDED_LATER: N_("Not notified before, because the list of recipients changed after the alert was raised"),
    Omission.NEVER_NOTIFIED: N_("Updates go only to those who were notified of the alert"),
}


@dataclass(frozen=True, slots=True)
class OmittedReceiver:
    """A receiver that was not notified of an alert; `reason` is a text to translate."""

    recipient: str
    reason: str
    decided_at: datetime


async def of(session: AsyncSession, alert_id: UUID) -> list[OmittedReceiver]:
    """The receivers that no notification reached, with the latest reason, in the order of their labels."""
    recipients = select(Delivery.recipient).where(Delivery.alert_id == alert_id).distinct()
    notified = set(await session.scalars(recipients))
    omissions = NotificationOmissions
    notifications = select(omissions).where(omissions.alert_id == alert_id).order_by(omissions.step)
    omitted = dict[str, OmittedReceiver]()
    for notification in await session.scalars(notifications):
        for label, reason in notification.reasons.items():
            if label not in notified:
                omitted[label] = OmittedReceiver(label, TEXTS.get(reason, reason), notification.decided_at)
    return [omitted[label] for label in sorted(omitted)]
