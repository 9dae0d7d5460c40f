"""An alert keeps its reached step, even if its policy changes or accounts are disabled."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.alerts import transitions
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification
from services.alerts.notifications.stages.steps import Steps
from services.alerts.notifications.waiting_times import steps_of_alert
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import disabled_accounts
from services.alerts.queries import policies as policy_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from shared.places import Places
from tests.alerts.factories import KADAMJAI, NOW, mudflow, rules
from tests.alerts.night import Night
from tests.alerts.test_notifications import alert, receiver
from tests.alerts.test_quorums import ACCOUNTS, OFFICERS, acknowledges, watch

PLACES = Places.load()
PEOPLE = tuple(receiver(label, kind=ReceiverKind.PERSON, account_id=uuid4()) for label in "abcd")
A, B, C, D = (PolicyStep(10, (label,)) for label in "abcd")
POLICY = EscalationPolicy("watch", (A, B, C))


def escalated(plan: NotificationPlan, times: int, waiting: Alert) -> Alert:
    for _ in range(times):
        alert_changes = AlertChanges([waiting], plan, {}, places=PLACES, rules=rules(), now=NOW)
        alert_changes.escalate(waiting)
        waiting = alert_changes.changed[waiting.alert_id]
    return waiting


def plan(
    policy: EscalationPolicy | None = POLICY, *left: str, people: tuple[Receiver, ...] = PEOPLE
) -> NotificationPlan:
    accounts = frozenset(each.account_id for each in people if each.label in left and each.account_id)
    return NotificationPlan(people, policies=(policy,) if policy else (), disabled_accounts=accounts)


def steps(waiting: Alert, planned: NotificationPlan) -> Steps:
    notification = Notification(
        waiting, planned.receivers, PLACES, NOW, policies=planned.policies, absent=planned.absent
    )
    return steps_of_alert(notification)


@pytest.mark.parametrize(
    ("changed", "current", "following"),
    [
        (plan(replace(POLICY, steps=(D, A, B, C))), B, C),
        (plan(replace(POLICY, steps=(B, C))), B, C),
        (plan(replace(POLICY, steps=(C, A, replace(B, minutes=3)))), replace(B, minutes=3), None),
        (plan(POLICY, "a"), B, C),
        (plan(POLICY, "b"), A, C),
        (plan(replace(POLICY, steps=(A, C))), C, None),
        (plan(replace(POLICY, repeats=1)), B, C),
    ],
    ids=["added before", "removed before", "moved", "left before", "left", "removed", "repeated"],
)
def test_an_alert_keeps_its_step_if_the_steps_change(
    changed: NotificationPlan, current: PolicyStep, following: PolicyStep | None
) -> None:
    waiting = escalated(plan(), 1, alert(KADAMJAI))
    planned, level = steps(waiting, changed), steps(waiting, changed).level_of(waiting)
    assert planned.policy is not None
    assert (at := planned.current(level)) is not None and planned.policy.steps[at] == current
    later = escalated(changed, 1, waiting)
    assert planned.is_over(planned.level_of(later)) is (following is None)
    if following is not None:
        assert (at := planned.current(planned.level_of(later))) is not None and planned.policy.steps[at] == following


def test_an_alert_keeps_the_round_of_its_step() -> None:
    waiting = escalated(plan(replace(POLICY, repeats=2)), 4, alert(KADAMJAI))
    changed = plan(replace(POLICY, steps=(D, A, B, C), repeats=2))
    assert steps(waiting, changed).level_of(waiting) == 6, "the second round of four steps, at its third step"
    over = escalated(plan(replace(POLICY, repeats=2)), 5, waiting)
    assert steps(over, changed).is_over(steps(over, changed).level_of(over))


def test_an_alert_that_the_former_release_escalated_is_not_led_back() -> None:
    """During an update, the former release may run beside this release.

    The former release raises an alert's level, but leaves the alert's step unchanged.
    """
    waiting = transitions.replaced(escalated(plan(), 1, alert(KADAMJAI)), level=2)
    assert steps(waiting, plan()).level_of(waiting) == 2


def test_without_a_policy_an_alert_keeps_the_step_of_its_receivers() -> None:
    people = tuple(replace(each, step=step) for each, step in zip(PEOPLE, (0, 2, 4, 6), strict=True))
    waiting = escalated(plan(None, people=people), 2, alert(KADAMJAI))
    assert steps(waiting, plan(None, people=people[1:])).current(1) == 4
    assert steps(waiting, plan(None, people=people[1:])).level_of(waiting) == 1


@pytest.mark.anyio
async def test_a_step_demands_its_acknowledgements_although_a_step_before_it_was_left(night: Night) -> None:
    demanding, last = PolicyStep(10, OFFICERS, acknowledgements=2), PolicyStep(10, ("officer 1",))
    policy = EscalationPolicy("watch", (PolicyStep(10, ("head",)), demanding, last))
    await watch(night, policy, *OFFICERS, "head")
    await night.report(mudflow())
    assert await night.passes(timedelta(minutes=10)) == 1
    async with night.sessions.begin() as session:
        await disabled_accounts.replace(session, [ACCOUNTS["head"]])
    after = await acknowledges(night, "officer 1")
    assert (after.work, after.acknowledgements_needed) == ("unacknowledged", 2)
    async with night.sessions.begin() as session:
        await policy_queries.save(session, replace(policy, steps=(last, policy.steps[0], demanding)))
    assert (await acknowledges(night, "officer 2")).work == "acknowledged"
