"""Keeps the HTML of the board's rows. Each event redraws whole lists for every open board, but few rows change."""

from collections.abc import Hashable
from datetime import datetime
from sys import getsizeof
from typing import Any

from markupsafe import Markup

from services.console import board
from shared.country import TIME_ZONE
from shared.events.vocabulary import Status
from shared.pages import Pages
from shared.places import Places

# Some 13,000 rows. A board with "Show more" has up to 10,000 rows in each section. If the boards show more rows than
# are kept, each row is dropped before it is shown again, and every redraw renders all rows.
MOST_BYTES = 64_000_000


class KeptRows:
    def __init__(
        self, pages: Pages, places: Places, counted: Status, *, exercise: bool, most_bytes: int = MOST_BYTES
    ) -> None:
        self._pages, self._places = pages, places
        self._constants = {"places": places, "counted": counted, "exercise": exercise}
        self._kept: dict[Hashable, Markup] = {}
        self._bytes, self._most_bytes = 0, most_bytes

    def row(self, language: str, template: str, version: Hashable, shown: Any, **facts: Hashable) -> Markup:
        """Renders the template, unless it was rendered with the same version and facts today.

        `shown` is the record that the row shows, and `version` stands for the content of this record. A template of a
        row sees only `shown`, the facts and the constants of this process, so that no row can depend on anything else.
        """
        today = datetime.now(TIME_ZONE).date()  # a row names the day of a time only if it is not today
        key = (language, template, version, today, *facts.items())
        html = self._kept.pop(key, None)
        if html is None:
            html = self._rendered(language, template, shown, facts)
            self._bytes += getsizeof(html)
        self._kept[key] = html
        while self._bytes > self._most_bytes:
            self._bytes -= getsizeof(self._kept.pop(next(iter(self._kept))))  # the row that was shown the longest ago
        return html

    def _rendered(self, language: str, template: str, shown: Any, facts: dict[str, Hashable]) -> Markup:
        text = self._pages.text(
            language,
            template,
            shown=shown,
            whereabouts=lambda pcodes: board.whereabouts(pcodes, self._places, language),
            **self._constants,
            **facts,
        )
        return Markup(text)  # noqa: S704 - the template has escaped its values
