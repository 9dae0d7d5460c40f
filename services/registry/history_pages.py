"""Divides a long history into pages.

Entries are numbered from the oldest, so that a new report moves no entry to another page. No I/O.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.registry.households.timelines import TimelineEntry, VersionKey, anchor_of

AT_ONCE = 100

E = TypeVar("E", bound=TimelineEntry)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`keys` identifies the versions of all entries, oldest first.

    `numbers` maps the anchor of each entry to its number.
    """

    keys: Sequence[VersionKey]
    numbers: Mapping[str, int]
    first: int
    last: int

    @classmethod
    def of(cls, keys: Iterable[VersionKey], *, until: int | None = None, anchor: str | None = None) -> "HistoryPage":
        """Returns the page of the entry with the anchor, or the page that ends with `until`, or the newest page."""
        ordered = sorted(keys)
        count, numbers = len(ordered), {anchor_of(key.report_id, key.version): n for n, key in enumerate(ordered, 1)}
        last = numbers[anchor] + AT_ONCE // 2 if anchor in numbers else until or count
        last = min(max(last, AT_ONCE), count)
        return cls(ordered, numbers, max(last - AT_ONCE, 0) + 1, last)

    @property
    def count(self) -> int:
        return len(self.keys)

    @property
    def shown(self) -> Sequence[VersionKey]:
        return self.keys[self.first - 1 : self.last]

    @property
    def report_ids(self) -> set[UUID]:
        return {key.report_id for key in self.shown}

    @property
    def older(self) -> int | None:
        return self.first - 1 or None

    @property
    def newer(self) -> int | None:
        return min(self.last + AT_ONCE, self.count) if self.last < self.count else None

    def has(self, anchor: str) -> bool:
        return anchor in self.numbers

    def link(self, anchor: str) -> str:
        is_shown = self.first <= self.numbers.get(anchor, self.first) <= self.last
        return f"#{anchor}" if is_shown else f"?entry={anchor}#{anchor}"

    def entries(self, timeline: Iterable[E]) -> list[E]:
        """`timeline` may have entries that are not on the page: earlier versions of the page's reports."""
        shown = set(self.shown)
        return [entry for entry in timeline if entry.key in shown]
