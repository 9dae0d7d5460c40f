"""The steps of an alert's escalation, which come from the receivers or from a policy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from services.alerts.policies.policies import EscalationPolicy


@dataclass(frozen=True, slots=True)
class Steps:
    """`of` maps the label of each receiver to its steps. `policy` is the policy that decides on the steps, or None.

    Steps without a receiver are skipped, so that each level reaches the next step with a receiver.
    """

    of: Mapping[str, frozenset[int]]
    policy: EscalationPolicy | None = None

    @property
    def in_order(self) -> Sequence[int]:
        return sorted(set(chain.from_iterable(self.of.values())))

    def reached(self, level: int) -> frozenset[int]:
        """The steps that the level has reached."""
        return frozenset(self.in_order[: level + 1])

    def is_over(self, level: int) -> bool:
        """Whether all steps were notified before this level, with all their repetitions."""
        rounds = 1 + (self.policy.repeats if self.policy else 0)
        return level >= len(self.in_order) * rounds

    def current(self, level: int) -> int | None:
        """The step that is notified at this level: the last step, if all repetitions of a policy are over."""
        steps = self.in_order
        if not steps:
            return None
        return steps[-1] if self.is_over(level) else steps[level % len(steps)]

    def minutes(self, level: int) -> int | None:
        """How long the alert waits at this level for an acknowledgement; None if no policy decides."""
        current = self.current(level)
        return None if self.policy is None or current is None else self.policy.steps[current].minutes
