"""Decides until when each count of a group is in effect, and which full recount replaces it. No I/O.

The rules are in docs/decisions/0037.
"""

from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from services.registry.counts.choices import CountChoice, refused
from services.registry.counts.headcounts import Headcount
from services.registry.counts.named_hazards import NamedHazards
from services.registry.reports import NEVER


class Standing(NamedTuple):
    """The time until which a count is in effect, and the report id of the full recount that replaced the count."""

    superseded_at: datetime = NEVER
    superseded_by: str | None = None


class MovedAway(NamedTuple):
    """People of a count who moved away at the time `at`."""

    at: datetime
    persons: int


IN_EFFECT = Standing()
NOBODY_DEPARTED: Mapping[str, Sequence[MovedAway]] = {}
ORDER = attrgetter("order")


class Recounts:
    """The full recounts of each population. `counts` must contain all counts of each population.

    `choices` are the choices of people between differing counts, the oldest first. A count that a person found wrong
    replaces no other count. `departed` are the people of each count who moved away, by report id. A later recount
    cannot include these people, so two teams do not disagree because of them.
    """

    def __init__(
        self,
        counts: Collection[Headcount],
        choices: Iterable[CountChoice] = (),
        departed: Mapping[str, Sequence[MovedAway]] = NOBODY_DEPARTED,
    ) -> None:
        self._departed = departed
        self._hazards = NamedHazards((count.population, count.departure) for count in counts if count.population)
        self._by_population: defaultdict[str, list[Headcount]] = defaultdict(list)
        self._refused = refused({count.report_id: count for count in counts}, choices)
        for count in sorted(counts, key=ORDER):
            if count.population and count.clear.is_full_recount and count.report_id not in self._refused:
                self._by_population[count.population].append(count)

    def with_hazard(self, count: Headcount) -> Headcount:
        """The count, with the hazard that other counts of its population name, if exactly one such hazard fits."""
        if count.hazard_id or not count.population:
            return count
        hazards = self._hazards.of(count.population, count.departure)
        return replace(count, adopted_hazard=hazards.pop()) if len(hazards) == 1 else count

    def standing(self, count: Headcount) -> Standing:
        """The time until which the count is in effect.

        This is the time of the first later recount of the population that replaces the count. A count that a person
        found wrong is in effect until the time of the chosen count. If the chosen count is older, the wrong count is
        never in effect.
        """
        if chosen := self._refused.get(count.report_id):
            return Standing(max(count.counted_at, chosen.counted_at), chosen.report_id)
        recounts = self._by_population.get(count.population, []) if count.population else []
        following = map(recounts.__getitem__, range(bisect(recounts, count.order, key=ORDER), len(recounts)))
        replacement = next((recount for recount in following if self._replaces(recount, count)), None)
        return Standing(replacement.counted_at, replacement.report_id) if replacement else IN_EFFECT

    def _replaces(self, recount: Headcount, earlier: Headcount) -> bool:
        population, left = recount.population or "", self._persons_left(earlier, recount.counted_at)
        return earlier.is_replaced_by(recount, left) and self._hazards.agree(
            population, earlier.departure, recount.departure
        )

    def _persons_left(self, count: Headcount, at: datetime) -> int:
        """The people of the count who were still there just before this time."""
        departed = self._departed.get(count.report_id, ())
        return count.clear.persons - sum(part.persons for part in departed if part.at < at)
