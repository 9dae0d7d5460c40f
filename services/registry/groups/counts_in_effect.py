"""Finds the counts that are in effect at the time of each movement. No I/O.

A site may have thousands of counts and confirmations. Comparing each count with each movement would take too long.
Movements are processed in the order of time, so that each count is examined only twice: when the count begins, and when
a recount replaces the count.
"""

from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from services.registry.counts.headcounts import Headcount
from services.registry.groups.tallies import Tallies, Tally
from services.registry.reports import FiledMovement
from shared.events.vocabulary import Measure, Status

Name = tuple[str, Status]  # the id of a group or site, and the status of the counts


class CountsInEffect:
    """After a movement, the caller adds the new count of the moved people to `known`, and to this object.

    `at` must never be earlier than in the previous call.
    """

    def __init__(self, known: Tallies) -> None:
        self._known = known
        self._by_name = defaultdict[Name, Begun](Begun)
        self._by_stock = defaultdict[str, Begun](Begun)
        self._replaced_by: dict[str, str] = {}
        for tally in known.values():
            self.add(tally)

    def add(self, tally: Tally) -> None:
        self._by_stock[tally.count.stock_id].add(tally)
        for name in names(tally.count):
            self._by_name[name].add(tally)

    def stock_ids(self, movement: FiledMovement, at: datetime) -> list[str]:
        """Returns the stocks of the counts of the movement's group, or of the counts at the movement's site.

        If a recount has replaced a count before the movement, the stock of the recount is returned.
        """
        counts = self._by_name[movement.subject[1], movement.clear.status].until(at)
        for tally in [tally for tally in counts.values() if not tally.is_in_effect(at)]:
            del counts[tally.count.report_id]
            recount = self._in_effect(tally, at)
            counts[recount.count.report_id] = recount
        return sorted({tally.count.stock_id for tally in counts.values()})

    def of_stock(self, stock_id: str, at: datetime) -> list[Tally]:
        """The oldest count comes first."""
        counts = self._by_stock[stock_id].until(at)
        for tally in [tally for tally in counts.values() if not tally.is_in_effect(at)]:
            del counts[tally.count.report_id]
        return sorted(counts.values(), key=lambda tally: tally.count.order)

    def _in_effect(self, tally: Tally, at: datetime) -> Tally:
        """If recounts have replaced the count by the time `at`, returns the recount in effect."""
        chain = []
        while not tally.is_in_effect(at) and tally.standing.superseded_by:
            chain.append(tally.count.report_id)
            tally = self._known[self._replaced_by.get(tally.count.report_id, tally.standing.superseded_by)]
        self._replaced_by.update(dict.fromkeys(chain, tally.count.report_id))
        return tally


def names(count: Headcount) -> Iterator[Name]:
    """A site is included only while the people are displaced there."""
    if count.clear.measure is Measure.STOCK:
        yield count.group_id, count.clear.status
        if count.is_displaced and count.site_id:
            yield str(count.site_id), count.clear.status


class Begun:
    def __init__(self) -> None:
        self._coming: list[Tally] = []
        self._next = 0
        self._begun: dict[str, Tally] = {}

    def add(self, tally: Tally) -> None:
        insort(self._coming, tally, lo=self._next, key=lambda tally: tally.count.counted_at)

    def until(self, at: datetime) -> dict[str, Tally]:
        """The caller removes counts that recounts have replaced."""
        while self._next < len(self._coming) and self._coming[self._next].count.counted_at <= at:
            tally = self._coming[self._next]
            self._begun[tally.count.report_id] = tally
            self._next += 1
        return self._begun
