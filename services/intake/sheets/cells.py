"""Reads the cells of one row, and collects the errors in the cells. Pure."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

from services.intake.sheets import phones
from services.intake.sheets.choices import OF_HOUSEHOLD, ChosenSheet
from services.intake.sheets.days import day_of, year_of
from services.intake.sheets.labels import MANY
from shared.sheets.codes import HouseholdColumn, RowFault
from shared.sheets.sheet import CellFault, SheetLine

C = HouseholdColumn
# A cell merged over several rows gives its value to each of the rows. In these columns, a merged cell is an error,
# because each row needs its own value.
OF_ONE_ROW = {C.HEAD, C.FAMILY_NAME, C.GIVEN_NAME, C.PERSONS, C.MALE, C.FEMALE, C.PHONE, C.PERSONAL_NUMBER, C.BIRTH}
OF_ONE_PERSON = {C.HEAD, C.GIVEN_NAME, C.PERSONAL_NUMBER, C.BIRTH}
NUMBER = re.compile(r"(\d{1,7})(?:[.,]0+)?(?:\s*(?:чел|адам|киши|pers)\w*\.?)?")
FIRST_YEAR, OLDEST = 1900, 130
URGENT = {
    "да",
    "ооба",
    "yes",
    "y",
    "true",
    "истина",
    "+",
    "1",
    "v",
    "x",
    "х",
    "✓",
    "срочно",
    "шашылыш",
    "тез",
    "urgent",
}
NOT_URGENT = {"нет", "жок", "no", "n", "false", "ложь", "-", "–", "—", "0", "не срочно", "шашылыш эмес", "not urgent"}


@dataclass(frozen=True, slots=True)
class RowError:
    """`column` is the index of the wrong cell.

    `missing` is the kind of a column that the sheet should have. An error without `column` and `missing` concerns the
    whole row.
    """

    column: int | None
    reason: RowFault
    missing: HouseholdColumn | None = None


@dataclass(slots=True)
class RowCells:
    chosen: ChosenSheet
    line: SheetLine
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    # indexes of the columns whose text matched no code, so that the notes contain the text
    kept_as_text: list[int] = field(default_factory=list)
    phone_column: int | None = None
    _columns: dict[HouseholdColumn, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for place, column in enumerate(self.chosen.columns):
            self._columns[column].append(place)
        for place, fault in self.line.faults.items():
            if fault is CellFault.QUOTE or self._kind(place) not in (C.SKIPPED, C.REASONS):
                self.errors.append(RowError(place, RowFault(fault)))
        single = OF_ONE_PERSON if self.chosen.has_persons else OF_ONE_ROW
        self.errors += [
            RowError(place, RowFault.MERGED) for place in sorted(self.line.merged) if self._kind(place) in single
        ]

    def _kind(self, place: int) -> HouseholdColumn | None:
        return self.chosen.columns[place] if place < len(self.chosen.columns) else None

    def text(self, column: HouseholdColumn) -> str:
        return next((self.line.cells[place] for place in self._given(column)), "")

    def texts(self, column: HouseholdColumn) -> Iterator[tuple[int, str]]:
        return ((place, self.line.cells[place]) for place in self._given(column))

    def _given(self, column: HouseholdColumn) -> Iterator[int]:
        cells = self.line.cells
        return (place for place in self._columns[column] if place < len(cells) and cells[place])

    def wrong(self, column: HouseholdColumn | None, reason: RowFault) -> None:
        """Add an error. If the sheet has no such column, the error names the kind of the missing column."""
        place = next(iter(self._columns[column]), None) if column else None
        error = RowError(place, reason, column if place is None else None)
        if place is None or all(known.column != place for known in self.errors):
            self.errors.append(error)

    def keep(self, place: int, text: str) -> None:
        """Copy a text that fits no field of the report into the notes, after the label of its column."""
        label = self.chosen.labels[place]
        note = f"{label}: {text}" if label else text
        if note not in self.notes:
            self.notes.append(note)

    def keep_as_text(self, place: int, text: str) -> None:
        self.keep(place, text)
        self.kept_as_text.append(place)

    def keep_what_differs(self, household: "RowCells") -> None:
        """Copy the texts about the household that differ from the texts in the household's row, and all notes."""
        for place, text in enumerate(self.line.cells):
            known = household.line.cells[place : place + 1]
            if text and self._kind(place) in OF_HOUSEHOLD and (text,) != known:
                self.keep(place, text)
        self.keep_the_rest()

    def count(self, *, without: Collection[HouseholdColumn]) -> int:
        """Return the number of filled cells outside the columns `without`."""
        return sum(bool(text) and self._kind(place) not in without for place, text in enumerate(self.line.cells))

    def keep_the_rest(self) -> None:
        """Copy the columns of notes into the notes.

        If a report can have only one value of a kind, also copy the texts of further columns of this kind.
        """
        for place, text in enumerate(self.line.cells):
            if text and (self._kind(place) is C.NOTES or self._is_further(place)):
                self.keep(place, text)

    def _is_further(self, place: int) -> bool:
        kind = self._kind(place)
        return kind is not None and kind not in MANY and place != next(self._given(kind))

    def number(self, column: HouseholdColumn) -> int | None:
        text = self.text(column)
        if not text:
            return None
        if match := NUMBER.fullmatch(text):
            return int(match[1])
        self.wrong(column, RowFault.NUMBER)
        return None

    def phone(self) -> str | None:
        """Return the first telephone.

        The whole cell goes into the notes if the cell contains more than the telephone.
        """
        for place, text in self.texts(C.PHONE):
            if phones.is_none(text):
                continue
            if phones.is_one(text):
                return text
            if number := phones.first_of(text):
                self.keep(place, text)
                self.phone_column = place
                return number
            self.errors.append(RowError(place, RowFault.PHONE))
            break
        return None

    def is_urgent(self) -> bool:
        """Any text but a "no" counts as yes, for example a reason."""
        for place, text in self.texts(C.URGENT):
            word = text.casefold().strip(" .!")
            if word in NOT_URGENT:
                return False
            if word not in URGENT:
                self.keep_as_text(place, text)
            return True
        return False

    def day(self, column: HouseholdColumn, today: date) -> date | None:
        text = self.text(column)
        day = day_of(text, today) if text else None
        if text and (day is None or day.year < FIRST_YEAR):
            self.wrong(column, RowFault.DAY)
            return None
        if day and day > today:
            self.wrong(column, RowFault.FUTURE)
        return day

    def birth(self, today: date) -> dict[str, date | int]:
        text = self.text(C.BIRTH)
        if not text:
            return {}
        year, day = year_of(text), day_of(text, today)
        if year is not None and FIRST_YEAR <= year <= today.year:
            return {"birth_year": year}
        if day is not None and day.year >= FIRST_YEAR and day <= today:
            return {"birth_date": day}
        self.wrong(C.BIRTH, RowFault.BIRTH)
        return {}

    def age(self) -> int | None:
        text = self.text(C.AGE)
        if not text:
            return None
        if text.isdecimal() and int(text) <= OLDEST:
            return int(text)
        self.wrong(C.AGE, RowFault.AGE)
        return None
