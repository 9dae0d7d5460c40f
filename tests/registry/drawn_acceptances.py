"""Draws households with a second report that is held.

A person accepts the second report as a report about the same household.

Some of the drawn acceptances are reversed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.registry.drawn_displacements import moment
from tests.registry.drawn_reports import displacement, times
from tests.registry.factories import movement
from tests.registry.independent_figures import Body
from tests.registry.seeded_randomness import Draw

COUNT = 16


@dataclass(frozen=True)
class Acceptance:
    """The held report belongs to the household of the report `first`, as a person decided.

    With `is_later`, the held report is about a later displacement. Without `is_later`, the held report replaces
    the report `first`.
    """

    first: Body
    held: Body
    movement: Body
    is_later: bool
    is_reversed: bool

    @property
    def valid(self) -> Iterator[Body]:
        if self.is_reversed or self.is_later:
            yield self.first
        if not self.is_reversed:
            yield {**self.held, "household_id": self.first["household_id"]}
        yield self.movement


def acceptances(draw: Draw) -> list[Acceptance]:
    return [acceptance(draw, is_later=number % 2 == 0, is_reversed=number % 4 > 1) for number in range(COUNT)]


def acceptance(draw: Draw, *, is_later: bool, is_reversed: bool) -> Acceptance:
    at = moment(draw)
    first = displacement(draw, at)
    held = displacement(draw, at + timedelta(days=40 if is_later else 0))
    moved_at = datetime.fromisoformat(first["occurred_at"]) + timedelta(days=draw.randint(50, 90))
    returned = movement(first, "returned", **times(draw, moved_at))
    return Acceptance(first, held, returned, is_later=is_later, is_reversed=is_reversed)
