"""The steps of an alert's escalation, which come from the receivers or from a policy."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Self

from services.alerts.policies.policies import EscalationPolicy


@dataclass(frozen=True, slots=True)
class Steps:
    """`of` maps the label of each receiver to its steps. `policy` is the policy that decides on the steps, or None.

    Steps without a receiver are skipped, so that each level reaches the next step with a receiver.
    """

    of: Mapping[str, frozenset[int]]
    policy: EscalationPolicy | None = None

    def without_delay(self, absent: Collection[str]) -> Self:
        """The steps, without those whose receivers all have one of these labels, because these people have left.

        They are notified with the next step, or with the last one.
        """
        if not absent:
            return self
        attended = sorted(set(chain.from_iterable(own for label, own in self.of.items() if label not in absent)))
        if not attended:
            return self
        next_step = {step: next((later for later in attended if later >= step), attended[-1]) for step in self.in_order}
        return replace(self, of={label: frozenset(next_step[step] for step in own) for label, own in self.of.items()})

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the receivers of all steps."""
        return frozenset(label for label, own in self.of.items() if own)

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
