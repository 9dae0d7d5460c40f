"""An escalation policy says which receivers are notified at each step, and how long the step waits for an answer."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.alerts.alerts import Alert
from services.alerts.receivers.receivers import covers
from shared import events
from shared.auth.tokens import Ancestry
from shared.events.vocabulary import HazardType, Severity


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """The next step is notified if fewer than `acknowledgements` people of this step acknowledge within `minutes`.

    If `acknowledgements` is 1, anybody may acknowledge.
    """

    minutes: int
    receivers: tuple[str, ...] = ()
    rosters: tuple[str, ...] = ()
    acknowledgements: int = 1

    def names(self, label: str, on_duty: Mapping[str, Collection[str]]) -> bool:
        return label in self.receivers or any(label in on_duty.get(roster, ()) for roster in self.rosters)


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """A policy sets the steps for alerts of certain areas, hazard types and severities.

    An empty condition matches every alert. If several policies match an alert, the lowest `position` wins. All steps
    are repeated `repeats` times. For Severe and Extreme alerts, the duty heads are notified after the last repetition
    (`duty_heads.py`). For all other alerts, the escalation ends if `ends` is true. If `ends` is false, the last step is
    repeated until somebody acknowledges.
    """

    name: str
    steps: tuple[PolicyStep, ...]
    position: int = 1
    areas: tuple[str, ...] = ()
    hazards: tuple[HazardType, ...] = ()
    severities: tuple[Severity, ...] = ()
    repeats: int = 0
    ends: bool = False

    def applies_to(self, alert: Alert, places: Ancestry) -> bool:
        return (
            (not self.severities or alert.severity in self.severities)
            and (not self.hazards or alert.hazard_type in self.hazards)
            and (not self.areas or any(covers(self.areas, pcode, places) for pcode in alert.pcodes))
        )

    def steps_of(self, label: str, on_duty: Mapping[str, Collection[str]]) -> frozenset[int]:
        """Returns the steps that name the receiver, or a roster in which the receiver is on duty."""
        return frozenset(at for at, step in enumerate(self.steps) if step.names(label, on_duty))


def policy_id(policy: EscalationPolicy) -> UUID:
    return events.derived_id("escalation_policy", policy.name)
