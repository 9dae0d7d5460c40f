"""Reads a CSV file of duty numbers.

Each row yields an entry, or a list of faults that say what was expected. No I/O.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.alerts.duty_numbers import duty_numbers
from services.alerts.duty_numbers.duty_numbers import DutyContact, DutyPlace, DutyService
from shared.country import COUNTRY
from shared.errors import DocumentedError
from shared.pages.terms import N_
from shared.pages.typed_forms import Fault, is_line
from shared.places import Places
from shared.places.localities import folded
from shared.sheets import delimited, header
from shared.sheets.code_names import CodeNames
from shared.sheets.place_names import Namesakes, PlaceNames
from shared.sheets.sheet import CellFault, FileFault, Sheet, SheetLine, UnreadableFile

MOST_ROWS = 2_000
MOST_TELEPHONES = 3
LONGEST = {"locality": 150, "post": 150, "note": 200}
COLUMNS = ("unit", "locality", "service", "post", "telephone", "note")
REQUIRED = ("unit", "service", "post", "telephone")
# The matching time can grow with the square of the label's length.
LETTERS = 200
# The first pattern that matches a column's folded label decides the column's kind. Folding makes lower case, removes
# punctuation, and writes о, у, н for ө, ү, ң.
PATTERNS = [
    ("telephone", r"телефон|^тел\b|phone|номер|байланыш"),
    ("locality", r"\bсел[оа]\b|населен|айыл\b|village|locality|settlement"),
    ("unit", r"\bрайон|област|облус|територ|террит|аймак|district|rayon|unit|area|p ?code|п код"),
    ("service", r"служб|service|кызмат$|кызматы$"),
    ("post", r"пост|должност|орган|учрежд|post|duty|organi|name|назван|аталыш|мекеме"),
    ("note", r"примеч|note|remark|эскерт"),
]
COMPILED = [(column, re.compile(pattern)) for column, pattern in PATTERNS]
OWN = {folded(column): column for column in COLUMNS}
SEPARATORS = re.compile(r"[,;/\n]")
FAULTS = {
    CellFault.TOO_LONG: N_("A shorter text is expected."),
    CellFault.QUOTE: N_("A second quotation mark is expected."),
    CellFault.LETTERS: N_("Letters are expected instead of question marks: save the file as “CSV UTF-8”."),
}
FILES = {
    FileFault.TOO_LARGE: N_("A file of at most %(most)s rows is expected."),
    FileFault.NO_SHEET: N_("A CSV file is expected. In Excel, save the sheet as “CSV UTF-8”."),
}
NO_HEADER = N_("A header with the columns unit, service, post and telephone is expected above the rows.")
REPEATED = N_("Each post is expected once: line %(line)s has it already. Put its numbers into one row.")
UNKNOWN_UNIT = N_("The P-code or the name of a district, a city or an oblast is expected, or KG for the country.")


DutyKey = tuple[str, str, str, str]


class BadDutyNumbers(DocumentedError):
    """The file is no list of duty numbers. `fault` says what was expected."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class DutyEntry:
    """For a stored number, `imports.entry_of` makes the entry."""

    place: DutyPlace
    service: DutyService | str
    contact: DutyContact

    @property
    def key(self) -> DutyKey:
        place = self.place
        return place.pcode, place.locality_pcode or folded(place.locality), self.service, folded(self.contact.post)


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A row has an entry, or at least one fault."""

    line: int
    entry: DutyEntry | None
    faults: tuple[Fault, ...] = ()


class DutyNumberSheets:
    """Names of units, localities and services may be Kyrgyz, Russian or English."""

    def __init__(self, places: Places) -> None:
        self._places, self._names, self._services = places, PlaceNames(places), CodeNames("duty_service")

    def read(self, raw: bytes) -> list[NumberRow]:
        """Raises BadDutyNumbers."""
        try:
            sheet = delimited.read(raw, MOST_ROWS + header.SEARCHED_LINES)
        except UnreadableFile as error:
            raise BadDutyNumbers(Fault("rows", FILES[error.fault], {"most": MOST_ROWS})) from None
        header_rows = header.guessed(sheet, guess)
        columns = columns_of(sheet, header.labels(sheet, header_rows))
        rows = header.rows_below(sheet, header_rows)
        if not header_rows.last or not rows or not set(REQUIRED) <= set(columns):
            raise BadDutyNumbers(Fault("rows", NO_HEADER))
        if len(rows) > MOST_ROWS:
            raise BadDutyNumbers(Fault("rows", FILES[FileFault.TOO_LARGE], {"most": MOST_ROWS}))
        return without_repeats([self._row(line, columns) for line in rows])

    def _row(self, line: SheetLine, columns: Sequence[str]) -> NumberRow:
        wrong = [
            Fault(column, FAULTS.get(line.faults[at], FAULTS[CellFault.TOO_LONG]))
            for at, column in enumerate(columns)
            if column and line.faults.get(at, CellFault.LETTERS) is not CellFault.LETTERS
        ]
        cells = {column: text for column, text in zip(columns, line.cells, strict=False) if column}
        lost = [column for column, text in cells.items() if delimited.LOST_LETTER.search(text)]
        wrong += [Fault(column, FAULTS[CellFault.LETTERS]) for column in lost]
        return NumberRow(line.number, None, tuple(wrong)) if wrong else self.row(line.number, cells)

    def row(self, number: int, cells: Mapping[str, str]) -> NumberRow:
        wrong = list[Fault]()
        place = self._place(cells.get("unit", ""), cells.get("locality", ""), wrong)
        service = self._services.find(cells.get("service", ""))
        if service is None:
            names = ", ".join(DutyService)
            wrong.append(
                Fault("service", N_("The name of a service is expected, or one of: %(names)s"), {"names": names})
            )
        telephones = _telephones(cells.get("telephone", ""), wrong)
        for column in ("locality", "post", "note"):
            text = cells.get(column, "")
            if (text or column == "post") and not is_line(text, LONGEST[column]):
                expected = N_("One line of at most %(most)s characters is expected.")
                wrong.append(Fault(column, expected, {"most": LONGEST[column]}))
        if wrong or place is None or service is None:
            return NumberRow(number, None, tuple(wrong))
        contact = DutyContact(cells["post"], telephones, cells.get("note") or None)
        return NumberRow(number, DutyEntry(place, DutyService(service), contact))

    def _place(self, unit: str, locality: str, wrong: list[Fault]) -> DutyPlace | None:
        pcode = self.pcode(unit)
        if pcode is None:
            wrong.append(Fault("unit", UNKNOWN_UNIT))
            return None
        is_known = locality and pcode != COUNTRY and self._places.gazetteer
        return DutyPlace(pcode, locality or None, self._places.settlement(pcode, locality) if is_known else None)

    def pcode(self, unit: str) -> str | None:
        """Return None if the text names no unit or several units, or has words besides the name."""
        if unit.upper() == COUNTRY:
            return COUNTRY
        try:
            match = self._names.find(unit)
        except Namesakes:
            return None
        return None if match is None or match[1] else match[0].pcode


def without_repeats(rows: Sequence[NumberRow]) -> list[NumberRow]:
    """If several rows have one post, all of them except the first get a fault in place of their entry."""
    first = dict[DutyKey, int]()
    lines = [row.entry and first.setdefault(row.entry.key, row.line) for row in rows]
    return [
        NumberRow(row.line, None, (Fault("post", REPEATED, {"line": line}),)) if line not in (None, row.line) else row
        for row, line in zip(rows, lines, strict=True)
    ]


def guess(label: str) -> str | None:
    text = folded(label[:LETTERS])
    return OWN.get(text) or next((column for column, pattern in COMPILED if text and pattern.search(text)), None)


def columns_of(sheet: Sheet, labels: Sequence[str]) -> list[str]:
    """The kind "" means that the column is not read. Every kind except "" is returned at most once."""
    columns = list[str]()
    for label in labels[: sheet.width]:
        column = guess(label) or ""
        columns.append("" if column in columns else column)
    return columns


def _telephones(typed: str, wrong: list[Fault]) -> tuple[str, ...]:
    parts = [part.strip() for part in SEPARATORS.split(typed) if part.strip()]
    try:
        telephones = tuple(dict.fromkeys(duty_numbers.telephone_of(part) for part in parts[: MOST_TELEPHONES + 1]))
    except ValueError:
        telephones = ()
    if not 1 <= len(telephones) <= MOST_TELEPHONES:
        expected = N_(
            "One to %(most)s telephones are expected, each with its area code, as 03655 51234 or +996 700 123456; "
            "or a short number like 112."
        )
        wrong.append(Fault("telephone", expected, {"most": MOST_TELEPHONES}))
    return telephones
