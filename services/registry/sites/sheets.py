"""Reads a sheet of sites, XLSX or CSV. Each row becomes a site or a list of errors. No I/O."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from services.registry.sites.sites import SiteVersion
from shared.errors import DocumentedError
from shared.pages.terms.sheets import SITE_CELL_FAULTS
from shared.places import Places
from shared.places.localities import folded
from shared.sheets import header, reading
from shared.sheets.code_names import CodeNames, names
from shared.sheets.codes import RowFault
from shared.sheets.place_names import Namesakes, PlaceNames
from shared.sheets.sheet import CellFault, FileFault, Sheet, SheetLine, UnreadableFile
from shared.web.problems import expected

TEXTS = (
    "name_ky",
    "name_ru",
    "name_en",
    "type",
    "state",
    "pcode",
    "locality",
    "locality_pcode",
    "lat",
    "lon",
    "capacity",
)
PERSON = {"person_in_charge": "name", "phone": "phone"}
COLUMNS = (*TEXTS, "needs", *PERSON)
REASONS = "reasons"  # a file of refused rows has this column, which the import does not read
SKIPPED = "skipped"
ROWS = 10_000
LETTERS = 200  # only the start of a label is matched: the time for a match can grow with the square of the length
NAMED = r"(назв|наимен|аталыш|name)"
# The first pattern that matches a folded label decides what the column contains. A folded label is in lower case,
# without punctuation, and has о, у, н in place of ө, ү, ң.
PATTERNS = [
    ("phone", r"телефон|^тел\b|phone|байланыш"),
    ("person_in_charge", r"ответств|руководит|директор|жооптуу|in charge|contact"),
    ("name_ky", rf"{NAMED}.*(кырг|kyrg)|^аталышы"),
    ("name_en", rf"{NAMED}.*(англ|english)"),
    ("name_ru", rf"{NAMED}|объект"),
    ("type", r"^тип|^вид|туру$|type|kind"),
    ("state", r"состоян|статус|абалы|state|status"),
    ("locality_pcode", r"(код|code).*(\bсел[оа]\b|населен|айыл|village|settlement)|айыл\w* коду"),
    ("pcode", r"\bрайон|district|rayon|p ?code|п код"),
    ("locality", r"\bсел[оа]\b|населен|айыл|адрес|village|locality|address|дарек"),
    ("lat", r"широт|latitude|кендик"),
    ("lon", r"долгот|longitude|узундук"),
    ("capacity", r"вместим|мест\b|сыйымд|capacity"),
    ("needs", r"потребн|нужд|муктаж|needs"),
]
COMPILED = [(column, re.compile(pattern)) for column, pattern in PATTERNS]
OWN = {folded(column): column for column in (*COLUMNS, REASONS)}
# Each row needs its own value in the columns of OF_ONE_SITE. A cell of the columns in OF_ONE_SITE that is merged over
# several rows is an error.
OF_ONE_SITE = {"name_ky", "name_ru", "name_en", "lat", "lon", "capacity"}


class BadSheet(DocumentedError):
    """The file is no sheet of sites.

    The header of a sheet of sites names the columns, among them `type` and `pcode`.
    """

    fault: FileFault | None = None


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row has a site, or an error for each wrong column.

    `texts` are the texts of all cells in the row, in order.
    """

    line: int
    cells: Mapping[str, str]
    site: SiteVersion | None = None
    errors: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SiteSheet:
    """A kind is REASONS, SKIPPED, or one of COLUMNS.

    The import reads only the first sheet. `unread` are the names of all other sheets with content.
    """

    labels: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[SheetRow]
    unread: tuple[str, ...] = ()


class SiteNames:
    def __init__(self) -> None:
        self.places = PlaceNames(Places.load())
        self.codes = {column: CodeNames(f"site_{column}") for column in ("type", "state")}
        self.needs = CodeNames("site_need")


site_names = cache(SiteNames)


def read(raw: bytes, chosen: Sequence[str] = ()) -> SiteSheet:
    """`chosen` are the kinds of the first columns, if the caller chose them.

    All columns that the caller did not choose get a guessed kind.

    Raises BadSheet.
    """
    sheet, *others = opened(raw)
    header_rows = header.guessed(sheet, guess)
    labels = header.labels(sheet, header_rows)
    columns = (*chosen[: sheet.width], *guesses(labels)[len(chosen) :])
    rows = header.rows_below(sheet, header_rows)
    if not rows or set(columns).isdisjoint(COLUMNS):
        raise BadSheet
    sites = [row(line, labels, columns) for line in rows]
    return SiteSheet(labels, columns, sites, tuple(other.name for other in others))


def opened(raw: bytes) -> list[Sheet]:
    """Raises BadSheet."""
    try:
        return reading.read(raw, most_lines=ROWS)
    except UnreadableFile as error:
        bad = BadSheet()
        bad.fault = error.fault
        raise bad from None


def guess(label: str) -> str | None:
    """Return None if no pattern matches the label."""
    text = folded(label[:LETTERS])
    if not text or text in own_reasons():
        return REASONS if text else None
    return OWN.get(text) or next((column for column, pattern in COMPILED if pattern.search(text)), None)


@cache
def own_reasons() -> frozenset[str]:
    return frozenset(folded(name) for name, code in names("household_column") if code == REASONS)


def guesses(labels: Sequence[str]) -> tuple[str, ...]:
    columns: list[str] = []
    for label in labels:
        column = guess(label) or SKIPPED
        columns.append(SKIPPED if column in columns else column)
    return tuple(columns)


def row(line: SheetLine, labels: Sequence[str], columns: Sequence[str]) -> SheetRow:
    cells = {column: text for column, text in zip(columns, line.cells, strict=False) if text and column in COLUMNS}
    errors = [
        (columns[place] if columns[place] in COLUMNS else "", SITE_CELL_FAULTS[fault])
        for place, fault in line.faults.items()
        if columns[place] in COLUMNS or fault is CellFault.QUOTE
    ]
    merged = (columns[place] for place in sorted(line.merged) if place < len(columns))
    errors += [(column, SITE_CELL_FAULTS[RowFault.MERGED]) for column in merged if column in OF_ONE_SITE]
    nameless = zip(line.cells, labels, columns, strict=False)
    if any(text and not label and column == SKIPPED for text, label, column in nameless):
        errors.append(("", "as many cells as the header"))
    site = None
    try:
        site = SiteVersion.model_validate(fields(cells))
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        errors += [(column(detail["loc"]), expected(detail)) for detail in details]
    first = dict(reversed(errors))
    unique = tuple((name, first[name]) for name in dict(errors))
    return SheetRow(line.number, cells, None if errors else site, unique, line.cells)


def fields(cells: Mapping[str, str]) -> dict[str, Any]:
    """Decimal commas are accepted. Needs are separated by commas or semicolons."""
    known = site_names()
    site: dict[str, Any] = {name: cells[name] for name in TEXTS if name in cells}
    for name, codes in known.codes.items():
        if name in site:
            site[name] = codes.find(site[name]) or site[name]
    for name in ("lat", "lon"):
        if name in site:
            site[name] = site[name].replace(",", ".")
    needs = [need.strip() for need in cells.get("needs", "").replace(";", ",").split(",") if need.strip()]
    site["needs"] = [known.needs.find(need) or need for need in needs]
    person = {field: cells[name] for name, field in PERSON.items() if name in cells}
    return {**site, **district(cells), "version": 1, **({"person_in_charge": person} if person else {})}


def district(cells: Mapping[str, str]) -> dict[str, str]:
    """If no other cell names a village, the rest of the text in the cell becomes the village."""
    try:
        match = site_names().places.find(cells.get("pcode", ""))
    except Namesakes:
        return {}  # a later check refuses the text, because it is no P-code
    if match is None or match[0].pcode is None:
        return {}
    (place, rest), stated = match, cells.get("locality")
    return {"pcode": place.pcode or "", **({"locality": rest} if rest and not stated else {})}


def column(location: tuple[int | str, ...]) -> str:
    """If an error is about the whole row, the name is empty."""
    first, last = (str(location[0]), location[-1]) if location else ("", "")
    return (
        next((name for name, field in PERSON.items() if field == last), first) if first == "person_in_charge" else first
    )
