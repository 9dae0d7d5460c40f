"""A sheet as lines of texts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LINES = 2_000  # lines that are not empty
COLUMNS = 150
CELL_LETTERS = 4_000
# limit for a file's letters; the file's size is no sufficient limit, because many cells can share one long text
LETTERS = 4_000_000


class FileFault(StrEnum):
    """Why no sheet of a file can be read."""

    NO_SHEET = "no-sheet"  # neither a workbook nor a text with columns
    LOCKED = "sheet-locked"  # a password, or a workbook of Excel 97
    TOO_LARGE = "sheet-too-large"
    EMPTY = "sheet-empty"


class UnreadableFile(Exception):
    """No sheet of the file can be read."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault)
        self.fault = fault


class CellFault(StrEnum):
    """Why a cell has no usable value."""

    FORMULA = "formula"  # the file does not store the result of a formula
    ERROR = "error"  # the result of a formula is an error, such as #REF!
    TOO_LONG = "too_long"
    QUOTE = "quote"  # a quotation mark has no pair, so the cell also contains the lines below
    LETTERS = "letters"  # question marks in place of letters that the file's encoding does not have


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line that is not empty, with its number in the file, from 1.

    `faults` has the unusable cells, by column. `merged` are the columns in which several lines share one cell: each of
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
        """Up to the last column that has a value or an unusable cell."""
        return max((max([len(line.cells), *(column + 1 for column in line.faults)]) for line in self.lines), default=0)


@dataclass(slots=True)
class LetterBudget:
    """`letters` is the number of further characters that a file may contain.

    `limited` subtracts the characters of each line.
    """

    letters: int = LETTERS


def limited(lines: Iterable[SheetLine], most: int, budget: LetterBudget) -> tuple[SheetLine, ...]:
    """Raises UnreadableFile at the first line that exceeds a limit."""
    taken: list[SheetLine] = []
    for line in lines:
        budget.letters -= sum(map(len, line.cells))
        if len(taken) == most or len(line.cells) > COLUMNS or budget.letters < 0:
            raise UnreadableFile(FileFault.TOO_LARGE)
        taken.append(line)
    return tuple(taken)


def cell_text(text: str) -> str:
    """The text without spaces around it.

    A text that is too long is cut to a length that is still too long, and is refused later.
    """
    # the length is checked first: `replace` would copy a long text for each cell that shares the text
    if len(text) > CELL_LETTERS:
        return text[: CELL_LETTERS + 1]
    return text.replace("\xa0", " ").strip()


def trimmed(cells: list[str]) -> tuple[str, ...]:
    """Without empty cells at the end."""
    while cells and not cells[-1]:
        cells.pop()
    return tuple(cells)


def long_cells(cells: tuple[str, ...]) -> dict[int, CellFault]:
    return {column: CellFault.TOO_LONG for column, text in enumerate(cells) if len(text) > CELL_LETTERS}
