"""Computes the number of people at a site, for the registry's list of sites and the console's board.

A full recount of a whole site includes all people there, but states no origin. A part of the people at a site may be
counted again later. The later count is then added, and the earlier count of this part is subtracted from the full
recount. Without the subtraction, this part would be counted twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID


class SiteCount(Protocol):
    """`superseded_by` is the count that replaced this count, or None."""

    @property
    def report_id(self) -> UUID: ...
    @property
    def stock_id(self) -> UUID: ...
    @property
    def superseded_by(self) -> UUID | None: ...
    @property
    def counted_at(self) -> datetime: ...
    @property
    def reported_at(self) -> datetime | None: ...
    @property
    def covers_site(self) -> bool: ...


Count = TypeVar("Count", bound=SiteCount)


@dataclass(frozen=True, slots=True)
class Share(Generic[Count]):
    """Some of the people at a site.

    `counts` are the counts of these people that are in effect, newest first.

    `deducted` are earlier counts of people who are included in `counts`, and whose later count is in another `Share`.
    """

    counts: Sequence[Count]
    deducted: Sequence[Sequence[Count]] = ()

    def range(self, number: Callable[[Count], int | None]) -> tuple[int, int]:
        """Return the lowest and the highest possible number.

        The two numbers differ if the counts of several teams differ.
        """
        numbers = stated(map(number, self.counts))
        earlier = [stated(map(number, counts)) for counts in self.deducted]
        lowest, highest = min(numbers) - sum(map(max, earlier)), max(numbers) - sum(map(min, earlier))
        return max(0, lowest), max(0, highest)


def stated(numbers: Iterable[int | None]) -> list[int]:
    return [number for number in numbers if number is not None] or [0]


def shares(counts: Iterable[Count]) -> list[Share[Count]]:
    """Split the people at a site into shares, whose sum is the number of people.

    `counts` must include replaced counts.
    """
    newest_first = sorted(counts, key=order, reverse=True)
    known = {count.report_id: count for count in newest_first}
    stocks = by_stock(count for count in newest_first if count.superseded_by is None)
    whole = next((count for count in newest_first if count.covers_site and count.superseded_by is None), None)
    if whole is None:
        return [Share(stock) for stock in stocks.values()]
    later = {stock_id: stock for stock_id, stock in stocks.items() if order(stock[0]) > order(whole)}
    later.pop(whole.stock_id, None)
    included = by_stock(count for count in newest_first if was_in_effect(count, whole, known)).values()
    deducted = [stock for stock in included if any(people(count, known) in later for count in stock)]
    return [Share(stocks[whole.stock_id], deducted), *map(Share, later.values())]


def order(count: SiteCount) -> tuple[datetime, datetime, UUID]:
    """The sort key: the time of the count.

    By the same order, the registry decides which count replaces another count.
    """
    return count.counted_at, count.reported_at or count.counted_at, count.report_id


def by_stock(counts: Iterable[Count]) -> Mapping[UUID, list[Count]]:
    stocks = defaultdict[UUID, list[Count]](list)
    for count in counts:
        stocks[count.stock_id].append(count)
    return stocks


def people(count: Count, known: Mapping[UUID, Count]) -> UUID:
    """Return the stock of the people: the stock of the replacing recount, else the count's own stock."""
    replacing = known.get(count.superseded_by) if count.superseded_by else None
    return (replacing or count).stock_id


def was_in_effect(count: Count, whole: Count, known: Mapping[UUID, Count]) -> bool:
    """True for a count that is earlier than `whole` and was not replaced before `whole`."""
    replacing = known.get(count.superseded_by) if count.superseded_by else None
    is_replaced = count.superseded_by is not None and (replacing is None or order(replacing) < order(whole))
    return order(count) < order(whole) and not is_replaced
