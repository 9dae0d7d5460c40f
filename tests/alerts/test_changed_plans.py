"""Policies, accounts and receivers may change while an alert waits for an answer. Everybody is still notified."""

import random
from dataclasses import replace
from uuid import uuid4

from services.alerts.changes import AlertChanges
from services.alerts.notifications import duty_heads
from services.alerts.notifications.plans import NotificationPlan
from services.alerts.notifications.stages import Notification
from services.alerts.notifications.stages.steps import Steps
from services.alerts.notifications.waiting_times import steps_of_alert
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.receivers.receivers import Receiver, ReceiverKind, is_absent
from shared.places import Places
from tests.alerts.factories import ALAI, KADAMJAI, NOW, rules
from tests.alerts.test_notifications import alert, receiver

PLACES, RULES = Places.load(), rules()
LABELS = "abcdefgh"
KINDS = (ReceiverKind.PERSON, ReceiverKind.PERSON, ReceiverKind.POST)
WALKS, CHANGES = 40, 12


class Walk:
    """Escalates an alert that nobody acknowledges. The plan changes at random between two escalations."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.receivers = {label: self.receiver(label) for label in LABELS}
        self.policies: tuple[EscalationPolicy, ...] = ()
        self.disabled: set[str] = set()
        self.waiting, self.called = alert(KADAMJAI), set[str]()

    def receiver(self, label: str) -> Receiver:
        areas, is_head = self.draw.choice(((), (ALAI,), (ALAI,))), self.draw.random() < 0.2
        kind, step = self.draw.choice(KINDS), self.draw.randrange(4)
        return receiver(label, kind=kind, step=step, areas=areas, is_duty_head=is_head, account_id=uuid4())

    def change(self) -> None:
        match self.draw.randrange(4):
            case 0:
                named = (self.draw.sample(LABELS, self.draw.randint(1, 3)) for _ in range(self.draw.randint(1, 5)))
                steps = tuple(PolicyStep(10, tuple(labels)) for labels in named)
                policy = EscalationPolicy("night", steps, repeats=self.draw.choice((0, 2)), ends=True)
                self.policies = self.draw.choice(((), (policy,), (policy,)))
            case 1:
                label = self.draw.choice(LABELS)
                self.receivers[label] = self.receiver(label)
            case _:
                self.disabled ^= {self.draw.choice(LABELS)}

    @property
    def plan(self) -> NotificationPlan:
        accounts = frozenset(self.receivers[label].account_id or uuid4() for label in self.disabled)
        left = [each.label for each in self.receivers.values() if is_absent(each, accounts)]
        heads = frozenset(label for label in left if self.receivers[label].is_duty_head)
        receivers = [
            replace(each, is_duty_head=each.is_duty_head and each.label not in heads)
            for each in self.receivers.values()
        ]
        return NotificationPlan(receivers, policies=self.policies, disabled_accounts=accounts, absent_heads=heads)

    @property
    def steps(self) -> Steps:
        plan = self.plan
        return steps_of_alert(
            Notification(self.waiting, plan.receivers, PLACES, NOW, policies=plan.policies, absent=plan.absent)
        )

    def escalate(self) -> None:
        plan, known = self.plan, {self.waiting.alert_id: self.called}
        was_on_call = self.waiting.duty_heads_at is not None
        alert_changes = AlertChanges([self.waiting], plan, known, places=PLACES, rules=RULES, now=NOW)
        alert_changes.escalate(self.waiting)
        self.waiting = alert_changes.changed[self.waiting.alert_id]
        reached = {each.recipient for each in alert_changes.deliveries}
        self.called |= reached
        assert reached - plan.absent or plan.absent == set(LABELS), "somebody who can act gets each message"
        assert self.waiting.escalates_at is not None
        steps = self.steps.reached(self.steps.level_of(self.waiting))
        skipped = {label for label, own in self.steps.of.items() if own & steps} - self.called
        assert not skipped
        if was_on_call:
            assert {head.label for head in duty_heads.of_status(self.waiting, plan.receivers)} <= reached


def test_nobody_is_forgotten_if_the_plan_changes_while_an_alert_waits() -> None:
    for walk in map(Walk, range(WALKS)):
        for _ in range(CHANGES):
            walk.change()
            walk.escalate()
        steps = walk.steps
        for _ in range(len(steps.in_order) * (1 + (steps.policy.repeats if steps.policy else 0))):
            walk.escalate()
        assert steps.labels <= walk.called
        assert walk.waiting.duty_heads_at or not duty_heads.of_status(walk.waiting, walk.plan.receivers)
