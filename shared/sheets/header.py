"""Finds the header of a sheet: one or two lines with the names of the columns, below any title."""

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.sheets.sheet import Sheet, SheetLine

SEARCHED_LINES = 15
TALLEST = 2
# Matches a whole number, a day or a telephone. A line with such a value is data, and no part of the header.
DATA = re.compile(
    r"\d+(?:[.,]0+)?|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\D.*|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\+?[\d\s()-]{9,}"
)

Guess = Callable[[str], Hashable | None]


@dataclass(frozen=True, slots=True)
class Header:
    """Both numbers are 0 if the sheet has no header."""

    first: int
    last: int


def guessed(sheet: Sheet, guess: Guess) -> Header:
    """The lines in whose labels `guess` recognises the most columns. Lines with data are left out."""
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
    """Empty for a column without a label."""
    span = [line for line in sheet.lines if header.first <= line.number <= header.last]
    texts = joined(span) if span else ()
    return (*texts, *[""] * (sheet.width - len(texts)))


def joined(span: Sequence[SheetLine]) -> tuple[str, ...]:
    """The label of a group of columns is put before the label of each column in the group."""
    width = max(len(line.cells) for line in span)
    *uppers, last = [[*line.cells, *[""] * (width - len(line.cells))] for line in span]
    for upper in uppers:
        for column in range(1, width):
            upper[column] = upper[column] or (upper[column - 1] if last[column] else "")
    columns = zip(*uppers, last, strict=True)
    return tuple(" ".join(dict.fromkeys(text for text in texts if text)) for texts in columns)


def rows_below(sheet: Sheet, header: Header) -> tuple[SheetLine, ...]:
    """Official forms may have a line that only numbers the columns; this line is left out."""
    below = tuple(line for line in sheet.lines if line.number > header.last)
    return below[1:] if below and is_numbering(below[0]) else below


def is_numbering(line: SheetLine) -> bool:
    texts = [text for text in line.cells if text]
    if len(texts) <= 2 or not all(text.isdecimal() for text in texts):  # noqa: PLR2004 - a row may begin with 1 and 2
        return False
    return all(int(right) == int(left) + 1 for left, right in pairwise(texts))
