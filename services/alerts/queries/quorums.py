"""Computes how many people must acknowledge an alert, from stored policies, rosters and notifications."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.alerts import Alert
from services.alerts.notifications import quorums
from services.alerts.notifications.quorums import Quorum
from services.alerts.notifications.stages import Notification
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import policies as policy_queries
from shared.auth.tokens import Ancestry


async def quorum_of(session: AsyncSession, alert: Alert, places: Ancestry, now: datetime) -> Quorum:
    policies = await policy_queries.policies(session)
    if all(step.acknowledgements <= 1 for policy in policies for step in policy.steps):
        return Quorum()  # People may acknowledge 200 alerts at once, so the plan is read only if a policy needs it.
    plan = await plan_queries.plan(session, now)
    called = await delivery_queries.called(session, [alert.alert_id])
    notification = Notification(
        alert,
        plan.receivers,
        places,
        now,
        called=called.get(alert.alert_id, ()),
        on_duty=plan.on_duty(now),
        policies=plan.policies,
        absent=plan.absent,
    )
    return quorums.quorum(notification, plan.people_of_rosters, plan.disabled_accounts)
