"""Identifies the steps of an escalation, so that an alert finds its step again after the steps were changed."""

from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from services.alerts.policies.policies import EscalationPolicy
from services.alerts.receivers.checks import HIGHEST_STEP
from shared import events

KEPT = 1000  # enough for all steps of a centre's policies, at every number of escalations that occurs


@lru_cache(KEPT)
def step_id(policy: EscalationPolicy | None, round: int, step: int, escalations: int) -> UUID:
    """The id of a step in a round of the policy, or of the receivers' own step if no policy decides.

    `escalations` is the level of the alert that has reached the step. The former release of Dayar raises the level and
    does not store the step. The stored id then belongs to no step, so that the alert cannot return to an earlier step.

    The receivers and rosters identify a step of a policy. The id therefore stays the same if other steps are added,
    moved or removed, or if the step gets other minutes. Several steps with the same receivers and rosters are told
    apart by their order.
    """
    if policy is None:
        return events.derived_id("escalation_step", round, step, escalations)
    named = [(sorted(known.receivers), sorted(known.rosters)) for known in policy.steps]
    earlier = named[:step].count(named[step])
    return events.derived_id("policy_step", policy.name, round, earlier, escalations, *named[step])


@lru_cache(KEPT)
def positions(policy: EscalationPolicy | None, escalations: int) -> Mapping[UUID, tuple[int, int]]:
    """The round and the position of each step. After the last round, one more round repeats the last step."""
    rounds = 1 + (policy.repeats if policy else 0)
    steps = len(policy.steps) if policy else HIGHEST_STEP + 1
    known = [(round, step) for round in range(rounds + 1) for step in range(steps)]
    return {step_id(policy, *position, escalations): position for position in known}
