"""Lists for an alert's page which receivers were not notified, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.delivery.states import DeliveryState, SuppressionRule
from services.alerts.models import Delivery, NotificationOmissions
from services.alerts.notifications.stages import Omission
from services.alerts.queries import contacts as contact_queries
from shared.pages.terms import N_

TEXTS: Mapping[str, str] = {
    Omission.OTHER_STATUS: N_("Not on the list for alerts of this status"),
    Omission.BELOW_FLOOR: N_("Gets only more severe alerts"),
    Omission.OTHER_AREA: N_("The alert is outside the recipient's area"),
    Omission.OTHER_HAZARD: N_("Gets only alerts about other types of hazards"),
    Omission.OFF_DUTY: N_("Off duty: the roster names somebody else"),
    Omission.OTHER_HOURS: N_("Outside the recipient's hours"),
    Omission.NOBODY_ELSE: N_("outside the recipient's hours, because nobody else would be notified"),
    Omission.LATER_STEP: N_("Notified only if nobody acknowledges in time"),
    Omission.EARLIER_STEP: N_("This escalation notifies the next level"),
    Omission.OTHER_POLICY: N_("The escalation policy notifies others"),
    Omission.CONCERNED_BEFORE: N_("The alert covered the recipient's area before"),
    Omission.ADDED_LATER: N_("Not notified before, because the list of recipients changed after the alert was raised"),
    Omission.NEVER_NOTIFIED: N_("Updates go only to those who were notified of the alert"),
    Omission.NO_DUTY_HEAD: N_("Nobody acknowledged the last step: the heads of shift are notified"),
    Omission.POLICY_ENDED: N_("The escalation policy has ended"),
    Omission.SILENCED: N_("Silenced at that time: see “Silences of alerts”"),
    Omission.INHIBITED: N_(
        "Muted: an Extreme alert of the same type covers these districts, and this alert is milder, without casualties"
    ),
}
RULES: Mapping[str, SuppressionRule] = {
    Omission.SILENCED: SuppressionRule.SILENCE,
    Omission.INHIBITED: SuppressionRule.INHIBITION,
    Omission.OTHER_HOURS: SuppressionRule.QUIET_HOURS,
}
PAGES: Mapping[str, str] = {Omission.INHIBITED: "/alerts/{}", Omission.SILENCED: "/alerts/silences/{}"}
OTHER_REASON = N_("Another reason")  # The reason comes from a later release of Dayar.
UNUSED = "not_needed"
NOT_NEEDED = N_("Only if the contact before fails or is not answered in time")


@dataclass(frozen=True, slots=True)
class OmittedReceiver:
    """`omission` is the code of the reason. `reason` is the text, which pages translate.

    `muted_by` is the id of the silence or the alert that muted this alert.
    """

    recipient: str
    reason: str
    decided_at: datetime
    channel: str | None = None
    omission: str = UNUSED
    muted_by: UUID | None = None

    @property
    def rule(self) -> SuppressionRule | None:
        return RULES.get(self.omission)

    @property
    def state(self) -> DeliveryState:
        return DeliveryState.SUPPRESSED if self.rule else DeliveryState.NOT_SENT

    @property
    def link(self) -> str | None:
        return PAGES[self.omission].format(self.muted_by) if self.muted_by and self.omission in PAGES else None

    @property
    def json(self) -> dict[str, Any]:
        return {
            "recipient": self.recipient,
            "channel": self.channel,
            "state": self.state,
            "suppressed_by": self.rule,
            "reason": self.omission,
            "muted_by": self.muted_by,
            "decided_at": self.decided_at,
        }


async def of(session: AsyncSession, alert_id: UUID) -> list[OmittedReceiver]:
    """Returns each receiver's latest reason, sorted by label.

    A receiver that was notified earlier is included if a rule prevented a later notification. The list ends with
    contacts that were not needed, because another contact reached the receiver.
    """
    slot = (Delivery.recipient, Delivery.channel)
    sent = select(*slot, func.min(Delivery.created_at), func.max(Delivery.step)).where(Delivery.alert_id == alert_id)
    rows = (await session.execute(sent.group_by(*slot))).all()
    used = {(recipient, channel) for recipient, channel, _, _ in rows}
    notified = {recipient: at for recipient, _, at, _ in rows}
    last_steps = dict[str, int]()
    for recipient, _, _, step in rows:
        last_steps[recipient] = max(step, last_steps.get(recipient, 0))
    omissions = NotificationOmissions
    notifications = select(omissions).where(omissions.alert_id == alert_id).order_by(omissions.step)
    omitted = dict[str, OmittedReceiver]()
    for notification in await session.scalars(notifications):
        for label, reason in notification.reasons.items():
            is_held_back = reason in RULES and notification.step > last_steps.get(label, 0)
            if label not in notified or is_held_back:
                text, decided_at = TEXTS.get(reason, OTHER_REASON), notification.decided_at
                omitted[label] = OmittedReceiver(label, text, decided_at, None, reason, notification.muted_by)
    further = await contact_queries.further(session, notified.keys())
    unused = [
        OmittedReceiver(label, NOT_NEEDED, notified[label], contact.channel)
        for label, contacts in sorted(further.items())
        for contact in contacts
        if (label, contact.channel) not in used
    ]
    return [*(omitted[label] for label in sorted(omitted)), *unused]


async def outside_hours(session: AsyncSession, alert_id: UUID) -> set[str]:
    reasons = await session.scalars(select(NotificationOmissions.reasons).filter_by(alert_id=alert_id))
    return {label for omissions in reasons for label, reason in omissions.items() if reason == Omission.NOBODY_ELSE}
