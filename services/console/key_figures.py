"""The key figures on top of the board, and their change within 24 hours. All functions are pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

# the sum for each key figure and severity; severities exist only for the unacknowledged alerts
Sums = Mapping[tuple[str, str | None], int]


class KeyFigure(StrEnum):
    UNACKNOWLEDGED = "unacknowledged"
    IN_PROGRESS = "in_progress"
    DISPLACED = "displaced"  # persons in registered households
    NOT_DELIVERED = "not_delivered"  # failed deliveries of open alerts


@dataclass(frozen=True, slots=True)
class ComparedFigure:
    """`before` is None if nothing was recorded 24 hours ago."""

    now: int
    before: int | None
    by_severity: Mapping[str, int] = field(default_factory=dict)

    @property
    def change(self) -> int | None:
        return None if self.before is None else self.now - self.before


def compared(now: Sums, before: Sums) -> dict[KeyFigure, ComparedFigure]:
    """Compares the figures of now and of 24 hours ago.

    `before` is empty if nothing was recorded 24 hours ago. A recorded figure can be 0.
    """
    totals, earlier = _totals(now), _totals(before)
    return {
        figure: ComparedFigure(
            totals[figure],
            earlier[figure] if before else None,
            {severity: count for (name, severity), count in now.items() if name == figure and severity},
        )
        for figure in KeyFigure
    }


def _totals(sums: Sums) -> Counter[str]:
    totals = Counter[str]()
    for (figure, _), count in sums.items():
        totals[figure] += count
    return totals
