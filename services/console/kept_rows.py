"""Caches the HTML of the board's rows.

After each event, the server renders whole lists for every open board, although only few rows have changed.
"""

from base64 import urlsafe_b64encode
from collections.abc import Hashable
from datetime import datetime
from hashlib import blake2b
from sys import getsizeof
from typing import Any, NamedTuple

from markupsafe import Markup

from services.console import board
from shared.country import TIME_ZONE
from shared.events.vocabulary import Status
from shared.pages import Pages
from shared.places import Places

# The limit has room for about 13,000 rows. A board shows up to 10,000 rows in each section after "Show more". If the
# open boards need more room, the server renders all rows after each event.
MOST_BYTES = 80_000_000
OF_AN_ENTRY = 200  # bytes, estimated: the entry in the dictionary, and the id in the key


class KeptRow(NamedTuple):
    html: Markup
    digest: str  # of the HTML
    gap: Markup  # a short placeholder for a row that the page has already


class KeptRows:
    def __init__(
        self, pages: Pages, places: Places, counted: Status, *, exercise: bool, most_bytes: int = MOST_BYTES
    ) -> None:
        self._pages, self._places = pages, places
        self._constants = {"places": places, "counted": counted, "exercise": exercise}
        self._kept: dict[tuple[Hashable, ...], KeptRow] = {}
        self._bytes, self._most_bytes = 0, most_bytes

    def row(self, language: str, template: str, version: Hashable, shown: Any, **facts: Hashable) -> Markup:
        """Renders the template, or returns the HTML of an earlier rendering on the same day.

        `version` identifies the content of the record `shown`. The template reads only `shown`, `facts` and constants,
        so the cached HTML is never out of date.
        """
        return self._row(language, template, version, shown, facts).html

    def row_or_gap(
        self, known: frozenset[str], language: str, template: str, version: Hashable, shown: Any, **facts: Hashable
    ) -> Markup:
        """Returns the row's HTML. If the page has the row already, returns a placeholder.

        `known` contains the digests of the rows on the page.
        """
        row = self._row(language, template, version, shown, facts)
        return row.gap if row.digest in known else row.html

    def _row(self, language: str, template: str, version: Hashable, shown: Any, facts: dict[str, Hashable]) -> KeptRow:
        today = datetime.now(TIME_ZONE).date()  # a row shows a time of today without its date
        key = (language, template, version, today, *facts.items())
        row = self._kept.pop(key, None)
        if row is None:
            row = self._rendered(language, template, shown, facts)
            self._bytes += _size(key, row)
        self._kept[key] = row
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._kept))
            self._bytes -= _size(oldest, self._kept.pop(oldest))
        return row

    def _rendered(self, language: str, template: str, shown: Any, facts: dict[str, Hashable]) -> KeptRow:
        text = self._pages.text(
            language,
            template,
            shown=shown,
            whereabouts=lambda pcodes: board.whereabouts(pcodes, self._places, language),
            **self._constants,
            **facts,
        )
        digest = urlsafe_b64encode(blake2b(text.encode(), digest_size=6).digest()).decode()
        marked = text.replace(" data-key=", f' data-row="{digest}" data-key=', 1)
        # the template has escaped its values
        return KeptRow(Markup(marked), digest, Markup(f'<template data-row="{digest}"></template>'))  # noqa: S704


def _size(key: tuple[Hashable, ...], row: KeptRow) -> int:
    return OF_AN_ENTRY + _size_of_tuples(key) + getsizeof(row) + sum(map(getsizeof, row))


def _size_of_tuples(part: Hashable) -> int:
    """Estimates the memory of a key's tuples. The other parts of a key are small, or many rows share them."""
    return getsizeof(part) + sum(map(_size_of_tuples, part)) if isinstance(part, tuple) else 0
