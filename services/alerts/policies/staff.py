"""The receivers and rosters that the steps of a policy can name, and how many of their people can acknowledge."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.receivers.receivers import Receiver, ReceiverKind


@dataclass(frozen=True, slots=True)
class Staff:
    """`rosters` maps each roster to the labels of its people.

    People with an account in `disabled_accounts` cannot act.
    """

    receivers: Sequence[Receiver]
    rosters: Mapping[str, Collection[str]]
    disabled_accounts: Collection[UUID] = ()

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(receiver.label for receiver in self.receivers)

    def most_acknowledgements(self, step: PolicyStep) -> int:
        """The result is at least 1.

        A receiver can acknowledge if it has an account that is not disabled. For each roster of the step or of its
        posts, one person on duty can acknowledge, if at least one of the roster's people has an enabled account.
        """
        able = {receiver.label: receiver.account_id for receiver in self.receivers if self._is_able(receiver)}
        accounts = {able[label] for label in step.receivers if label in able}
        posts = (receiver for receiver in self.receivers if receiver.kind is ReceiverKind.POST)
        rosters = {*step.rosters, *(post.roster for post in posts if post.label in step.receivers)}
        staffed = [
            name for name, people in self.rosters.items() if name in rosters and not able.keys().isdisjoint(people)
        ]
        return max(1, len(accounts) + len(staffed))

    def left(self, policy: EscalationPolicy) -> list[str]:
        """The receivers and rosters that the policy names although they no longer exist."""
        labels = {label for step in policy.steps for label in step.receivers}
        rosters = {name for step in policy.steps for name in step.rosters}
        return sorted((labels - self.labels) | (rosters - self.rosters.keys()))

    def _is_able(self, receiver: Receiver) -> bool:
        return receiver.account_id is not None and receiver.account_id not in self.disabled_accounts
