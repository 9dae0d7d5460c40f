"""Collects what decides who is notified: receivers, rosters, escalation policies, silences and inhibitors."""

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
    """`receivers` are in the order of notification. `policies` are in the order of precedence.

    `rosters` has the rosters that receivers and policies name, with the overrides that apply now or soon.
    `later_people` maps a roster to the people who come on duty by later overrides. `disabled_accounts` has those
    receivers' accounts that are disabled. `absent_heads` has the labels of duty heads with disabled accounts, who are
    not marked as duty heads in `receivers`. `silences` has only silences that have not ended. `inhibitors` has the
    Extreme alerts that mute milder alerts.
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
        """Includes people who come on duty only by an override."""
        return {
            name: roster.people | {override.person for override in overrides} | self.later_people.get(name, frozenset())
            for name, (roster, overrides) in self.rosters.items()
        }

    def on_duty(self, at: datetime) -> dict[str, frozenset[str]]:
        """Maps each roster to the people on duty, usually one person.

        In a gap, everybody in the roster counts as on duty, so that the alert reaches somebody. A gap also arises if
        the person on duty is no longer a receiver, or has a disabled account. People with disabled accounts count as on
        duty only if everybody in the roster is disabled. A roster without receivers is left out of the map.
        """
        labels = {receiver.label for receiver in self.receivers}
        able = labels - self.absent
        people = dict[str, frozenset[str]]()
        for name, (roster, overrides) in self.rosters.items():
            person = person_at(roster, overrides, at) or ""
            if on_duty := able & {person} or able & roster.people or labels & roster.people:
                people[name] = frozenset(on_duty)
        return people
