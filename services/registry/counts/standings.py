"""Decides until when each count of a group is in effect, and which full recount replaces the count. No I/O.

The rules are in docs/decisions/0037 and 0082.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from services.registry.counts.choices import CountChoice, refused
from services.registry.counts.headcounts import Headcount
from services.registry.counts.named_hazards import NamedHazards
from services.registry.reports import NEVER

TOLERANCE = 0.2  # two teams disagree if their counts differ by more than 20 % of the larger count
SAME_TIME = timedelta(hours=24)  # within this time, people rarely come or leave without a report


class Standing(NamedTuple):
    superseded_at: datetime = NEVER
    superseded_by: str | None = None


class MovedAway(NamedTuple):
    at: datetime
    persons: int


class MovedPeople(NamedTuple):
    """`departed` maps the report id of a count to the people who moved away from the counted place.

    `came` are the counts of people who came to a place by a movement.
    """

    departed: Mapping[str, Sequence[MovedAway]] = {}
    came: Sequence[Headcount] = ()


IN_EFFECT = Standing()
NOBODY_MOVED = MovedPeople()
ORDER = attrgetter("order")


class Recounts:
    """`counts` must contain all counts of each population.

    `choices` are the choices of people between differing counts, the oldest first. A count that a person found wrong
    replaces no other count. A later recount lacks people who moved away, and may include people who came by a movement.
    A comparison of two teams' counts subtracts people who moved away, and allows for people who came.
    """

    def __init__(
        self, counts: Collection[Headcount], choices: Iterable[CountChoice] = (), moved: MovedPeople = NOBODY_MOVED
    ) -> None:
        self._departed = moved.departed
        self._hazards = NamedHazards((count.population, count.departure) for count in counts if count.population)
        self._full: defaultdict[str, list[Headcount]] = defaultdict(list)
        self._partial: defaultdict[str, list[Headcount]] = defaultdict(list)
        self._refused = refused({count.report_id: count for count in counts}, choices)
        for count in sorted((*counts, *moved.came), key=ORDER):
            if count.population and count.report_id not in self._refused:
                (self._full if count.clear.is_full_recount else self._partial)[count.population].append(count)

    def are_of_several_teams(self, population: str | None) -> bool:
        return len({count.counted_by for count in self._full.get(population or "", ())}) > 1

    def with_hazard(self, count: Headcount) -> Headcount:
        """A count without a hazard gets the hazard of its population if exactly one fits."""
        if count.hazard_id or not count.population:
            return count
        hazards = self._hazards.of(count.population, count.departure)
        return replace(count, adopted_hazard=hazards.pop()) if len(hazards) == 1 else count

    def standing(self, count: Headcount) -> Standing:
        """The count is in effect until a later recount of the population replaces the count.

        A count that a person found wrong is in effect until the time of the chosen count. If the chosen count is older,
        the wrong count is never in effect.
        """
        if chosen := self._refused.get(count.report_id):
            return Standing(max(count.counted_at, chosen.counted_at), chosen.report_id)
        recounts = self._full.get(count.population, []) if count.population else []
        following = [
            recount
            for recount in recounts[bisect(recounts, count.order, key=ORDER) :]
            if self._are_of_one_hazard(count, recount)
        ]
        for number, recount in enumerate(following):
            if self._replaces(recount, count) or self._confirms(recount, following[:number], count):
                return Standing(recount.counted_at, recount.report_id)
        return IN_EFFECT

    def _are_of_one_hazard(self, one: Headcount, other: Headcount) -> bool:
        return self._hazards.agree(one.population or "", one.departure, other.departure)

    def _replaces(self, recount: Headcount, earlier: Headcount) -> bool:
        """If two teams disagree, both counts stay in effect."""
        is_partial, is_own = not earlier.clear.is_full_recount, recount.counted_by == earlier.counted_by
        return is_partial or is_own or self._agree(earlier, recount)

    def _confirms(self, recount: Headcount, between: Sequence[Headcount], earlier: Headcount) -> bool:
        """`between` has the recounts after `earlier` and before `recount`.

        If recounts of two teams agree, but differ from a count that is more than a day older, people have come or left
        meanwhile.
        """
        if recount.counted_at - earlier.counted_at <= SAME_TIME:
            return False
        others = (other for other in between if other.counted_by != recount.counted_by)
        return any(self._are_of_one_hazard(other, recount) and self._agree(other, recount) for other in others)

    def _agree(self, earlier: Headcount, recount: Headcount) -> bool:
        """True if the number of `recount` fits `earlier` and the reports after `earlier`.

        People of later partial counts may already be in `earlier`, so `recount` may include any number of these people.
        People who came by movements may be in the recount, too.
        """
        at, persons = recount.counted_at, recount.clear.persons
        left = self._persons_left(earlier, at)
        came = sum(self._persons_left(part, at) for part in self._came(earlier, recount))
        expected = min(max(persons, left), left + came)
        return abs(persons - expected) <= TOLERANCE * max(persons, expected)

    def _came(self, earlier: Headcount, recount: Headcount) -> Iterator[Headcount]:
        """Yields partial counts, and counts of people who came by movements."""
        for part in self._partial.get(recount.population or "", ()):
            if earlier.order < part.order < recount.order and self._are_of_one_hazard(part, recount):
                yield part

    def _persons_left(self, count: Headcount, at: datetime) -> int:
        departed = self._departed.get(count.report_id, ())
        return count.clear.persons - sum(part.persons for part in departed if part.at < at)
