"""Reads the notification plan, which decides who is notified.

A roster is read only if a receiver or a policy names it.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.notifications.plans import NotificationPlan, PlannedRoster
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import inhibitors as inhibitor_queries
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import silences as silence_queries
from services.alerts.receivers.receivers import Receiver, is_absent

SOON = timedelta(minutes=1)  # A plan is used only for seconds, so overrides that begin after this time are not read.


async def plan(session: AsyncSession, now: datetime) -> NotificationPlan:
    settings = await settings_of(session, await receiver_queries.receivers(session), now)
    return replace(settings, inhibitors=await inhibitor_queries.inhibitors(session, now))


async def settings_of(session: AsyncSession, receivers: Sequence[Receiver], now: datetime) -> NotificationPlan:
    """Leaves out the `inhibitors`, because these are alerts and not settings."""
    policies = await policy_queries.policies(session)
    names = {receiver.roster for receiver in receivers if receiver.roster is not None}
    names |= {roster for policy in policies for step in policy.steps for roster in step.rosters}
    rosters = await _rosters(session, names, now) if names else {}
    later_people = await roster_queries.later_people(session, rosters, now + SOON) if rosters else {}
    disabled = await disabled_queries.disabled(session)
    heads = (receiver for receiver in receivers if receiver.is_duty_head)
    absent_heads = frozenset(head.label for head in heads if is_absent(head, disabled))
    receivers = [without_duty(receiver) if receiver.label in absent_heads else receiver for receiver in receivers]
    silences = await silence_queries.not_ended(session, now)
    return NotificationPlan(
        receivers,
        rosters,
        policies,
        silences,
        later_people=later_people,
        disabled_accounts=disabled,
        absent_heads=absent_heads,
    )


async def _rosters(session: AsyncSession, names: Collection[str], now: datetime) -> dict[str, PlannedRoster]:
    rosters = [roster for roster in await roster_queries.rosters(session) if roster.name in names]
    overrides = await roster_queries.current_overrides(session, names, now, now + SOON)
    return {roster.name: (roster, overrides.get(roster.name, ())) for roster in rosters}


def without_duty(receiver: Receiver) -> Receiver:
    """A person with a disabled account is no duty head, because other people must then be notified."""
    return replace(receiver, is_duty_head=False)
