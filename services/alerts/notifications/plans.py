"""The stored plan that decides who is notified: receivers, rosters, escalation policies, silences and inhibitors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.alerts.notifications.inhibitions import Inhibitor
from services.alerts.policies.policies import EscalationPolicy
from services.alerts.receivers.receivers import Receiver, is_absent
from services.alerts.rosters.duty import person_at
from services.alerts.rosters.rosters import Override, Roster
from services.alerts.silences.silences import Silence

PlannedRoster = tuple[Roster, Sequence[Override]]


@dataclass(frozen=True, slots=True)
class NotificationPlan:
    """`receivers` are in the order in which they are notified, and `policies` in their order of precedence.

    `rosters` has only the rosters that receivers and policies name, with the overrides that apply now or soon.
    `later_people` has the people whom later overrides put on duty, by roster. `disabled_accounts` has the disabled
    accounts of receivers. `absent_heads` has the labels of duty heads with disabled accounts, who are not marked as
    duty heads in `receivers`. `silences` has only silences that have not ended. `inhibitors` has the Extreme alerts
    that mute milder alerts.
    """

    receivers: Sequence[Receiver] = ()
    rosters: Mapping[str, PlannedRoster] = field(default_factory=dict)
    policies: Sequence[EscalationPolicy] = ()
    silences: Sequence[Silence] = ()
    inhibitors: Sequence[Inhibitor] = ()
    later_people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    disabled_accounts: frozenset[UUID] = frozenset()
    absent_heads: frozenset[str] = frozenset()

    @property
    def absent(self) -> frozenset[str]:
        return frozenset(receiver.label for receiver in self.receivers if is_absent(receiver, self.disabled_accounts))

    @property
    def people_of_rosters(self) -> dict[str, frozenset[str]]:
        """People whom only an override names are included."""
        return {
            name: roster.people | {override.person for override in overrides} | self.later_people.get(name, frozenset())
            for name, (roster, overrides) in self.rosters.items()
        }

    def on_duty(self, at: datetime) -> dict[str, frozenset[str]]:
        """Usually one person of each roster is on duty.

        In a gap, all people of the roster count as on duty, because a gap must not silence an alert. A roster also
        has a gap if the person on duty is no longer a receiver, or has a disabled account. People with disabled
        accounts count as on duty only if the roster has nobody else. Rosters without receivers are left out.
        """
        labels = {receiver.label for receiver in self.receivers}
        able = labels - self.absent
        people = dict[str, frozenset[str]]()
        for name, (roster, overrides) in self.rosters.items():
            person = person_at(roster, overrides, at) or ""
            if on_duty := able & {person} or able & roster.people or labels & roster.people:
                people[name] = frozenset(on_duty)
        return people
