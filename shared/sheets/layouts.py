"""Measures an XLSX workbook before openpyxl reads it, and finds facts that openpyxl does not report."""

import io
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from openpyxl.utils.cell import coordinate_to_tuple

from shared.sheets.sheet import FileFault, UnreadableFile

PARTS = 500
UNPACKED_BYTES = 24 * 1024 * 1024
ELEMENTS = 800_000  # the largest accepted sheet has about half as many elements
MERGED_RANGES = 10_000
# A small file can name a very high last line, and openpyxl would create all lines up to it.
LINE_NUMBERS = 100_000
XML = (".xml", ".rels")


@dataclass(slots=True)
class WorksheetLayout:
    """Facts about a sheet.

    - `filled`: the lines with values
    - `width`: the last column with a value or formula
    - `uncomputed`: the cells (line, column) whose formula has no stored result
    - `merged`: references such as `A1:B2`
    """

    filled: set[int] = field(default_factory=set)
    width: int = 0
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)

    @property
    def last_line(self) -> int:
        return max(max(self.filled, default=0), max((line for line, _ in self.uncomputed), default=0))


def counted(raw: bytes) -> dict[str, WorksheetLayout]:
    """Returns the layout of each part of the workbook. Raises UnreadableFile for too much content or a DOCTYPE."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        parts = archive.infolist()
        # zipfile never reads more of a part than the stated size, so the sizes are safe
        if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED_BYTES:
            raise UnreadableFile(FileFault.TOO_LARGE)
        layouts, elements = {}, 0
        for part in parts:
            counter = ElementCounter(ELEMENTS - elements)
            try:
                counter.read(archive.read(part))
            except expat.ExpatError:
                # Every part is read, because a sheet can be in a part with any name. A part that is not XML, such as a
                # picture, is no error.
                if part.filename.lower().endswith(XML):
                    raise
            layouts[part.filename] = counter.layout
            elements += counter.count
        if sum(layout.last_line for layout in layouts.values()) > LINE_NUMBERS:
            raise UnreadableFile(FileFault.TOO_LARGE)
        return layouts


class ElementCounter:
    """Counts the elements of a part. Raises UnreadableFile at more than `most` elements."""

    def __init__(self, most: int) -> None:
        self.layout, self.count, self._most = WorksheetLayout(), 0, most
        self._line = self._column = 0
        self._has_formula = self._has_value = self._is_in_value = False

    def read(self, xml: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = self._text, self._doctype
        parser.Parse(xml, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if self.count > self._most or len(self.layout.merged) > MERGED_RANGES:
            raise UnreadableFile(FileFault.TOO_LARGE)
        match name.rpartition(":")[2]:
            case "row":
                self._line, self._column = int(attributes.get("r", self._line + 1)), 0
            case "c":
                self._begin(attributes.get("r"))
            case "f":
                self._has_formula = True
            case "v" | "t":  # the value of a cell, or a text in the cell itself
                self._is_in_value = True
            case "mergeCell":
                self.layout.merged.append(attributes.get("ref", ""))

    def _begin(self, reference: str | None) -> None:
        """Begins a cell. Without a reference, the cell is in the column after the previous cell."""
        self._has_formula = self._has_value = False
        if reference is None:
            self._column += 1
        else:
            self._line, self._column = coordinate_to_tuple(reference)

    def _text(self, _: str) -> None:
        # programs that compute no formulas write an empty value, which counts as no value
        self._has_value = self._has_value or self._is_in_value

    def _end(self, name: str) -> None:
        self._is_in_value = False
        if name.rpartition(":")[2] != "c":
            return
        if self._has_value:
            self.layout.filled.add(self._line)
        elif self._has_formula:
            self.layout.uncomputed.append((self._line, self._column))
        if self._has_value or self._has_formula:
            self.layout.width = max(self.layout.width, self._column)

    def _doctype(self, *_: object) -> None:
        # refused: a DOCTYPE can define entities that fill the memory, and no real workbook has one
        raise UnreadableFile(FileFault.NO_SHEET)
