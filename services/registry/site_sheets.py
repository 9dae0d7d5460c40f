"""Reads a CSV sheet of sites. Each row becomes a site or a list of errors. No I/O."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from services.registry.sites import SiteVersion
from shared.errors import DocumentedError
from shared.web.problems import expected

TEXTS = ("name_ky", "name_ru", "name_en", "type", "state", "pcode", "locality", "lat", "lon", "capacity")
PERSON = {"person_in_charge": "name", "phone": "phone"}
COLUMNS = (*TEXTS, "needs", *PERSON)
REASONS = "reasons"  # the column of reasons in a file of refused rows; its content is not read
REQUIRED = ("type", "pcode")
ROWS = 10_000
DELIMITERS = ";,\t"
ENCODINGS = ("utf-8-sig", "cp1251")  # a Russian Excel writes CSV in cp1251


class BadSheet(DocumentedError):
    """The file is no sheet of sites. Its first row names the columns, among them `type` and `pcode`."""


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row of the sheet with its line number. It has either the site, or an error for each wrong column."""

    line: int
    cells: Mapping[str, str]
    site: SiteVersion | None = None
    errors: tuple[tuple[str, str], ...] = ()


def read(raw: bytes) -> list[SheetRow]:
    """The rows that are not empty. Raises BadSheet."""
    text = decoded(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text.partition("\n")[0]))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not set(REQUIRED) <= set(header) or set(header) - {*COLUMNS, REASONS} or len(set(header)) < len(header):
            raise BadSheet
        return list(_rows(reader, header))
    except csv.Error:
        raise BadSheet from None


def _rows(reader: Any, header: list[str]) -> Iterator[SheetRow]:
    for number, values in enumerate(reader):
        if number >= ROWS:
            raise BadSheet
        cells = {name: value.strip() for name, value in zip(header, values, strict=False) if value.strip()}
        if len(values) > len(header) and any(value.strip() for value in values[len(header) :]):
            yield SheetRow(reader.line_num, cells, errors=(("", "as many cells as the first row"),))
        elif cells:
            yield row(reader.line_num, cells)


def row(line: int, cells: Mapping[str, str]) -> SheetRow:
    try:
        return SheetRow(line, cells, site=SiteVersion.model_validate(fields(cells)))
    except ValidationError as error:
        details = error.errors(include_input=False, include_context=False, include_url=False)
        return SheetRow(line, cells, errors=tuple((column(detail["loc"]), expected(detail)) for detail in details))


def fields(cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells as fields of a site. Decimal commas are accepted. Needs are separated by commas or semicolons."""
    site: dict[str, Any] = {name: cells[name] for name in TEXTS if name in cells}
    for name in ("lat", "lon"):
        if name in site:
            site[name] = site[name].replace(",", ".")
    site["needs"] = [need.strip() for need in cells.get("needs", "").replace(";", ",").split(",") if need.strip()]
    person = {field: cells[name] for name, field in PERSON.items() if name in cells}
    return {**site, "version": 1, **({"person_in_charge": person} if person else {})}


def column(location: tuple[int | str, ...]) -> str:
    """The column of an error; empty for an error about the whole row."""
    first, last = (str(location[0]), location[-1]) if location else ("", "")
    return (
        next((name for name, field in PERSON.items() if field == last), first) if first == "person_in_charge" else first
    )


def decoded(raw: bytes) -> str:
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSheet


def delimiter(header: str) -> str:
    """The most frequent delimiter of the first row, because Excel's delimiter depends on the computer's language."""
    return max(DELIMITERS, key=header.count)
