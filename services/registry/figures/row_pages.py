"""The rows of figures in JSON, page by page.

An answer has a limited number of rows, and the cursor with which the next answer begins.
"""

from bisect import bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, NamedTuple, Protocol, TypeVar

from pydantic import Field

from services.registry.figures.filters import Filters
from shared.web import cursors

MOST_ROWS, USUAL_ROWS = 2_000, 1_000


class Named(Protocol):
    """A row with a name that no other row has. Rows are sorted by their names."""

    @property
    def name(self) -> str: ...


Row = TypeVar("Row", bound=Named)
Limit = Annotated[int, Field(ge=1, le=MOST_ROWS, description="The most rows of a JSON answer. CSV has all rows.")]
Cursor = Annotated[str | None, Field(max_length=1_000, description="`next` of the JSON answer with the rows before.")]


class RowFilters(Filters):
    limit: Limit = USUAL_ROWS
    cursor: Cursor = None


class RowPage(NamedTuple):
    """`next` is the cursor of the next page. On the last page, `next` is None."""

    first: int
    last: int
    next: str | None

    @classmethod
    def of(cls, rows: Sequence[Row], filters: RowFilters) -> "RowPage":
        """The page after the row that the cursor names, even if this row no longer exists."""
        # `query` has the name of the class, because lists of different classes may have the same filters
        query = type(filters).__name__ + filters.model_dump_json(exclude={"limit", "cursor", "format", "lang"})
        after = cursors.decoded_name(filters.cursor, query)
        first = 0 if after is None else bisect_right(rows, after, key=attrgetter("name"))
        last = first + filters.limit
        return cls(first, last, cursors.encoded_name(rows[last - 1].name, query) if last < len(rows) else None)
