"""Identifies the steps of an escalation, so that an alert finds its step again after the steps have changed."""

from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from services.alerts.policies.policies import EscalationPolicy
from services.alerts.receivers.checks import HIGHEST_STEP
from shared import events

KEPT = 1000  # The cache is large enough for all steps of a centre's policies at every number of escalations.


@lru_cache(KEPT)
def step_id(policy: EscalationPolicy | None, round: int, step: int, escalations: int) -> UUID:
    """Returns the id of a step in a round of the policy, or of the receivers' own step if there is no policy.

    `escalations` is the alert's number of escalations at this step. The former release of Dayar raises the number of
    escalations without storing the step. After a run of the former release, the stored id matches no step, so that the
    alert cannot return to an earlier step.

    A policy's step is identified by its receivers and rosters. The id of a step stays if other steps are added, moved
    or removed, or if the minutes of the step change. If several steps have the same receivers and rosters, their order
    distinguishes them.
    """
    if policy is None:
        return events.derived_id("escalation_step", round, step, escalations)
    named = [(sorted(known.receivers), sorted(known.rosters)) for known in policy.steps]
    earlier = named[:step].count(named[step])
    return events.derived_id("policy_step", policy.name, round, earlier, escalations, *named[step])


@lru_cache(KEPT)
def positions(policy: EscalationPolicy | None, escalations: int) -> Mapping[UUID, tuple[int, int]]:
    """Maps a step's id to its round and its position.

    After the last round, a further round repeats only the last step.
    """
    rounds = 1 + (policy.repeats if policy else 0)
    steps = len(policy.steps) if policy else HIGHEST_STEP + 1
    known = [(round, step) for round in range(rounds + 1) for step in range(steps)]
    return {step_id(policy, *position, escalations): position for position in known}
