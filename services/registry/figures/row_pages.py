"""The rows of figures in JSON, page by page."""

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, NamedTuple, Protocol, TypeVar

from pydantic import Field

from services.registry.figures.filters import Filters
from shared.web import cursors

MOST_ROWS, USUAL_ROWS = 2_000, 1_000


class Named(Protocol):
    """No two rows have the same name, and the rows are sorted by name."""

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="The most rows of a JSON answer. CSV has all rows.")]
Cursor = Annotated[str | None, Field(max_length=1_000, description="`next` of the JSON answer with the rows before.")]


class RowFilters(Filters):
    limit: Limit = USUAL_ROWS
    cursor: Cursor = None


class RowPage(NamedTuple):
    """`next` is the cursor of the next page, or None on the last page."""

    first: int
    last: int
    next: str | None

    @classmethod
    def of(cls, rows: Sequence[Row], filters: RowFilters) -> "RowPage":
        """The page begins after the cursor's row, even if this row no longer exists."""
        # without the class name, two lists with the same filters would share a cursor
        query = type(filters).__name__ + filters.model_dump_json(exclude={"limit", "cursor", "format", "lang"})
        after = cursors.decoded_name(filters.cursor, query)
        first = 0 if after is None else bisect_right(rows, after, key=attrgetter("name"))
        last = first + filters.limit
        return cls(first, last, cursors.encoded_name(rows[last - 1].name, query) if last < len(rows) else None)
