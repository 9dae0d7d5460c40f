"""Finds the header of a sheet: one or two lines of column names, perhaps below a title."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.sheets.sheet import Sheet, SheetLine

SEARCHED_LINES = 15
TALLEST = 2
# A whole number, a day or a telephone. A line with one of these is data, not a header.
DATA = re.compile(
    r"\d+(?:[.,]0+)?|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\D.*|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\+?[\d\s()-]{9,}"
)

Guess = Callable[[str], Hashable | None]


@dataclass(frozen=True, slots=True)
class Header:
    """The first and the last line of the header, or 0 and 0 for a sheet without a header."""

    first: int
    last: int


def guessed(sheet: Sheet, guess: Guess) -> Header:
    """Returns the lines in which `guess` recognises the most columns. Lines with data cannot be a header."""
    lines = sheet.lines[:SEARCHED_LINES]
    spans = [lines[start : start + height] for height in range(1, TALLEST + 1) for start in range(len(lines))]
    spans = [span for span in spans if not any(map(is_data, span))]
    columns = [len({*map(guess, joined(span))} - {None}) for span in spans]
    if not any(columns):
        return Header(0, 0)
    _, best = max(zip(columns, spans, strict=True), key=lambda pair: (pair[0], -len(pair[1]), -pair[1][0].number))
    return Header(best[0].number, best[-1].number)


def is_data(line: SheetLine) -> bool:
    return any(DATA.fullmatch(text) for text in line.cells)


def labels(sheet: Sheet, header: Header) -> tuple[str, ...]:
    """Returns the label of each column, or an empty text for a column without a label."""
    span = [line for line in sheet.lines if header.first <= line.number <= header.last]
    texts = joined(span) if span else ()
    return (*texts, *[""] * (sheet.width - len(texts)))


def joined(span: Sequence[SheetLine]) -> tuple[str, ...]:
    """Joins the lines of a header. A label over several columns comes before the label of each of these columns."""
    width = max(len(line.cells) for line in span)
    *uppers, last = [[*line.cells, *[""] * (width - len(line.cells))] for line in span]
    for upper in uppers:
        for column in range(1, width):
            upper[column] = upper[column] or (upper[column - 1] if last[column] else "")
    columns = zip(*uppers, last, strict=True)
    return tuple(" ".join(dict.fromkeys(text for text in texts if text)) for texts in columns)


def rows_below(sheet: Sheet, header: Header) -> tuple[SheetLine, ...]:
    """Returns the lines of data. Some official forms number the columns in a line, which is left out."""
    below = tuple(line for line in sheet.lines if line.number > header.last)
    return below[1:] if below and is_numbering(below[0]) else below


def is_numbering(line: SheetLine) -> bool:
    texts = [text for text in line.cells if text]
    if len(texts) <= 2 or not all(text.isdecimal() for text in texts):  # noqa: PLR2004 - a row may begin with 1 and 2
        return False
    return all(int(right) == int(left) + 1 for left, right in pairwise(texts))
