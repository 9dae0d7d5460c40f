"""A sheet as lines, and a line as texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LINES = 2_000  # lines that are not empty
COLUMNS = 150
CELL_LETTERS = 4_000
# The largest number of characters in a file. The file's size limits too little: many cells can share one long text.
LETTERS = 4_000_000


class FileFault(StrEnum):
    """Why no sheet of a file can be read."""

    NO_SHEET = "no-sheet"  # no workbook, and no text with columns
    LOCKED = "sheet-locked"  # protected by a password, or a workbook of Excel 97
    TOO_LARGE = "sheet-too-large"
    EMPTY = "sheet-empty"


class UnreadableFile(Exception):
    """No sheet of the file can be read."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault)
        self.fault = fault


class CellFault(StrEnum):
    """Why a cell has no usable value."""

    FORMULA = "formula"  # a formula without a stored result
    ERROR = "error"  # the result of a formula is an error, such as #REF!
    TOO_LONG = "too_long"
    QUOTE = "quote"  # a quotation mark that is not closed; the cell swallows the lines below
    LETTERS = "letters"  # question marks for letters that the file's encoding lacks


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line that is not empty. `number` counts all lines of the file, from 1.

    `faults` are the unusable cells, by column. In the columns `merged`, one cell covers several lines, and each of
    these lines has the cell's value.
    """

    number: int
    cells: tuple[str, ...]
    faults: Mapping[int, CellFault] = field(default_factory=dict)
    merged: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    lines: tuple[SheetLine, ...]

    @property
    def width(self) -> int:
        """Returns the number of columns up to the last value or unusable cell."""
        return max((max([len(line.cells), *(column + 1 for column in line.faults)]) for line in self.lines), default=0)


@dataclass(slots=True)
class LetterBudget:
    """The number of characters that a file may still contain. `limited` subtracts the characters of each line."""

    letters: int = LETTERS


def limited(lines: Iterable[SheetLine], most: int, budget: LetterBudget) -> tuple[SheetLine, ...]:
    """Returns the lines. Raises UnreadableFile at the first line beyond a limit."""
    taken: list[SheetLine] = []
    for line in lines:
        budget.letters -= sum(map(len, line.cells))
        if len(taken) == most or len(line.cells) > COLUMNS or budget.letters < 0:
            raise UnreadableFile(FileFault.TOO_LARGE)
        taken.append(line)
    return tuple(taken)


def cell_text(text: str) -> str:
    """Removes the spaces around the text.

    A very long text is cut to a length that is still too long, so that the cell is refused later.
    """
    # the length first: many cells can share one long text, and `replace` would copy it for each cell
    if len(text) > CELL_LETTERS:
        return text[: CELL_LETTERS + 1]
    return text.replace("\xa0", " ").strip()


def trimmed(cells: list[str]) -> tuple[str, ...]:
    """Removes empty cells at the end."""
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def long_cells(cells: tuple[str, ...]) -> dict[int, CellFault]:
    return {column: CellFault.TOO_LONG for column, text in enumerate(cells) if len(text) > CELL_LETTERS}
