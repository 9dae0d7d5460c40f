"""Finds the rows of each household in a list with one row for each person. Pure."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from services.intake.sheets.choices import OF_HOUSEHOLD, ChosenSheet
from shared.sheets.codes import HouseholdColumn, RowFault
from shared.sheets.sheet import SheetLine

C = HouseholdColumn
IsHead = Callable[[SheetLine], bool]


@dataclass(frozen=True, slots=True)
class SheetFamily:
    """`others` are the rows of the other persons. `others` is empty in a list with one row for each household."""

    head: SheetLine
    others: tuple[SheetLine, ...] = ()
    fault: RowFault | None = None


def families(chosen: ChosenSheet, lines: Sequence[SheetLine], is_head: IsHead) -> Iterator[SheetFamily]:
    if not chosen.has_persons:
        yield from map(SheetFamily, lines)
    elif C.HOUSEHOLD in chosen.columns:
        yield from numbered(chosen, lines, is_head)
    else:
        yield from below_heads(lines, is_head)


def numbered(chosen: ChosenSheet, lines: Sequence[SheetLine], is_head: IsHead) -> Iterator[SheetFamily]:
    """Group the rows by the number of the household.

    A row without a number belongs to the household above. The rows of a household must follow each other. Rows with one
    number in two places are refused, because two villages may use the same number.
    """
    numbers: list[str] = []
    for line in lines:
        numbers.append(chosen.text(line, C.HOUSEHOLD).casefold() or (numbers[-1] if numbers else ""))
    runs = [
        (number, [line for _, line in run])
        for number, run in groupby(zip(numbers, lines, strict=True), key=lambda pair: pair[0])
    ]
    count = Counter(number for number, _ in runs)
    for number, rows in runs:
        heads = [row for row in rows if is_head(row)]
        fault = None
        if not number:
            fault = RowFault.NO_NUMBER
        elif count[number] > 1:
            fault = RowFault.SPLIT
        elif len(heads) > 1:
            fault = RowFault.HEADS
        yield family(rows, next(iter(heads), rows[0]), fault)


def below_heads(lines: Sequence[SheetLine], is_head: IsHead) -> Iterator[SheetFamily]:
    """Each row of a head begins a household."""
    starts = [place for place, line in enumerate(lines) if place == 0 or is_head(line)]
    for start, end in pairwise((*starts, len(lines))):
        rows = lines[start:end]
        yield family(rows, rows[0], None if is_head(rows[0]) else RowFault.NO_HEAD)


def family(rows: Sequence[SheetLine], head: SheetLine, fault: RowFault | None) -> SheetFamily:
    return SheetFamily(head, tuple(row for row in rows if row is not head), fault)


def filled(chosen: ChosenSheet, family: SheetFamily) -> SheetLine:
    """Return the head's row. An empty cell about the household is filled from the rows of the other persons."""
    if not family.others:
        return family.head
    cells = [
        first_text([family.head, *(family.others if kind in OF_HOUSEHOLD else ())], place)
        for place, kind in enumerate(chosen.columns)
    ]
    return replace(family.head, cells=tuple(cells))


def first_text(lines: Sequence[SheetLine], place: int) -> str:
    return next((line.cells[place] for line in lines if any(line.cells[place : place + 1])), "")
