"""Computes how long the parts of a household stay at their positions. No I/O."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.registry.households.household_parts import Parts, largest_first
from services.registry.households.people import People
from services.registry.households.positions import STOCK, Position
from shared.events.vocabulary import SubStock

Row = tuple[Position, People, int]  # the last value is 1 if the part counts as a household, and otherwise 0


class Stay(NamedTuple):
    """`households` is 1 for the largest part of a household in each sub-stock, and 0 for the other parts.

    A stay begins when a report states or confirms the position. A stay also begins when the number of people changes.
    """

    position: Position
    people: People
    households: int
    began_at: datetime
    ended_at: datetime


class PartsSince(NamedTuple):
    at: datetime
    parts: Parts


def stays_of(snapshots: Iterable[PartsSince], ends_at: datetime) -> list[Stay]:
    """The stays are sorted by their ends.

    The first stay is kept even if nobody is in it, because the report of the displacement describes the first stay.
    """
    stays: list[Stay] = []
    present: dict[Row, datetime] = {}
    for at, parts in (*snapshots, PartsSince(ends_at, {})):
        rows = weighted(parts)
        stays += [Stay(*row, since, at) for row, since in present.items() if row not in rows]
        present = {row: present.get(row, at) for row in rows}
    first, *others = stays
    return [first, *(stay for stay in others if stay.began_at != stay.ended_at)]


def weighted(parts: Parts) -> list[Row]:
    """Only the largest part in each sub-stock counts as a household."""
    by_sub_stock: dict[SubStock, list[Position]] = {sub_stock: [] for sub_stock in STOCK}
    for position in parts:
        if position.sub_stock in by_sub_stock:
            by_sub_stock[position.sub_stock].append(position)
    return [
        (position, parts[position], int(position is positions[0]))
        for own in by_sub_stock.values()
        for positions in [largest_first(own, parts)]
        for position in positions
    ]
