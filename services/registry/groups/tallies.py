"""Computes how many people of a count are left after movements, and when this number changed. No I/O."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from pydantic_core import to_json

from services.registry.counts.headcounts import Headcount
from services.registry.counts.standings import MovedAway, Recounts, Standing
from services.registry.households.people import People
from shared.events.displacements import GroupClear
from shared.events.vocabulary import SubStock

FINGERPRINT_BYTES = 16
# stored reports have only these fields; a report that has just arrived has further fields from intake
REPORTED = {*GroupClear.model_fields}


class Step(NamedTuple):
    at: datetime
    people: People


@dataclass
class Tally:
    """`gone` maps a sub-stock to the number of people who returned or settled.

    `noted_at` is the time of the latest report that only confirms the place of the people. `is_return_presumed` is true
    if the evacuation was lifted, and if no later report says where the people are.
    """

    count: Headcount
    standing: Standing
    steps: list[Step]
    gone: Counter[SubStock] = field(default_factory=Counter)
    noted_at: datetime | None = None
    is_return_presumed: bool = False

    @classmethod
    def of(cls, count: Headcount, recounts: Recounts) -> "Tally":
        return cls(count, recounts.standing(count), [Step(count.counted_at, count.people)])

    @property
    def people(self) -> People:
        return self.steps[-1].people

    def people_at(self, at: datetime) -> People:
        """`at` must not be before the count."""
        return next(step.people for step in reversed(self.steps) if step.at <= at)

    @property
    def displaced(self) -> int:
        return self.people.count if self.count.sub_stock is SubStock.IN_DISPLACEMENT else 0

    @property
    def has_moved(self) -> bool:
        return len(self.steps) > 1

    @property
    def confirmed_at(self) -> datetime:
        """The time of the count, of its last movement, or of a later confirmation."""
        return max(self.steps[-1].at, self.noted_at or self.steps[-1].at)

    @property
    def is_changed(self) -> bool:
        """True if a movement changed the count, or states something about the counted people."""
        return self.has_moved or self.noted_at is not None or self.is_return_presumed

    @property
    def departed(self) -> list[MovedAway]:
        return [MovedAway(step.at, before.people.count - step.people.count) for before, step in pairwise(self.steps)]

    @property
    def fingerprint(self) -> bytes:
        """The digest covers all stored and published values of the count.

        The digest does not cover the list of replaced counts.
        """
        count, steps = self.count, [(step.at, step.people.cells) for step in self.steps]
        clear = count.clear.model_dump(mode="json", include=REPORTED)
        of_report = clear, count.author, count.team, count.places_version, count.needs
        place = count.site_id, count.population, count.stock_id, count.covers_site, count.sub_stock, count.movement_id
        # a digest without these values equals the digest that the previous release of Dayar stored
        further = (count.left, count.left_sub_stock, self.noted_at, self.is_return_presumed)
        left = [value for value in further if value]
        content = *of_report, *place, count.counted_at, *self.standing, steps, sorted(self.gone.items()), *left
        return hashlib.sha256(to_json(content)).digest()[:FINGERPRINT_BYTES]

    def is_in_effect(self, at: datetime) -> bool:
        is_replaced = self.standing.superseded_by is not None and self.standing.superseded_at <= at
        return self.count.counted_at <= at and not is_replaced

    def take(self, number: int, at: datetime, to: SubStock | None = None) -> People:
        """Takes everybody away if the count has fewer than `number` people."""
        moving, rest = self.people.first(number)
        if moving.count:
            self.steps.append(Step(at, rest))
            self.gone[to or SubStock.IN_DISPLACEMENT] += moving.count
        return moving

    def note(self, at: datetime, *, is_lifted: bool) -> None:
        """A movement that moves nobody either lifts the evacuation or confirms the place of the people."""
        self.is_return_presumed = is_lifted
        if not is_lifted:
            self.noted_at = at

    def empty(self, at: datetime) -> None:
        """A later count of everybody at the site includes the people who are left, so they are removed here."""
        if self.people.count:
            self.steps.append(Step(at, People()))


Tallies = dict[str, Tally]
