"""Escalation policies say which receivers are notified at which step, and how long each step waits for an answer."""

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
    """If fewer than `acknowledgements` of a step's people acknowledge within `minutes`, the next step is notified.

    If one acknowledgement is enough, anybody may acknowledge.
    """

    minutes: int
    receivers: tuple[str, ...] = ()
    rosters: tuple[str, ...] = ()
    acknowledgements: int = 1

    def names(self, label: str, on_duty: Mapping[str, Collection[str]]) -> bool:
        return label in self.receivers or any(label in on_duty.get(roster, ()) for roster in self.rosters)


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """A policy has steps for alerts of some areas, types of hazards and severities.

    An empty condition applies to all alerts. If several policies apply to an alert, the policy with the lowest
    `position` decides. The steps are repeated `repeats` times. After the last repetition, the duty heads are notified
    of Severe and Extreme alerts (`duty_heads.py`). For other alerts, the escalation ends if `ends` is true. If `ends`
    is false, the last step is repeated until somebody acknowledges.
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
        """A step may name the receiver, or a roster in which the receiver is on duty."""
        return frozenset(at for at, step in enumerate(self.steps) if step.names(label, on_duty))


def policy_id(policy: EscalationPolicy) -> UUID:
    return events.derived_id("escalation_policy", policy.name)
