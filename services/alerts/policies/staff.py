"""Lists the receivers and rosters that a policy's steps can name.

Computes how many people of these receivers and rosters can acknowledge.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.receivers.receivers import Receiver, ReceiverKind


@dataclass(frozen=True, slots=True)
class Staff:
    """`rosters` maps a roster to the labels of its people.

    A person whose account is in `disabled_accounts` cannot act.
    """

    receivers: Sequence[Receiver]
    rosters: Mapping[str, Collection[str]]
    disabled_accounts: Collection[UUID] = ()

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(receiver.label for receiver in self.receivers)

    def most_acknowledgements(self, step: PolicyStep) -> int:
        """The result is never less than 1.

        Counts the step's receivers that have an enabled account. Each roster of the step, or of a post in the step,
        adds one person on duty if somebody in the roster has an enabled account.
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
        """Lists the receivers and rosters that the policy names but that do not exist any more."""
        labels = {label for step in policy.steps for label in step.receivers}
        rosters = {name for step in policy.steps for name in step.rosters}
        return sorted((labels - self.labels) | (rosters - self.rosters.keys()))

    def _is_able(self, receiver: Receiver) -> bool:
        return receiver.account_id is not None and receiver.account_id not in self.disabled_accounts
