"""Reads boundaries in OCHA's COD-AB layout from GeoJSON files, shapefiles or workbooks."""

import json
import re
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import shapefile
from openpyxl.utils.exceptions import InvalidFileException
from shapely import make_valid, unary_union
from shapely.errors import GEOSException
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from cli.files import BadFile
from shared.country import COUNTRY
from shared.places import LANGUAGES, Unit, UnitKind

CODE = re.compile(rf"{COUNTRY}[0-9]{{11}}")
FINEST = 2  # a row of a finer level belongs to its level-2 unit
BOX = (60.0, 35.0, 90.0, 50.0)  # coordinates in metres or in other countries lie outside this box
MOST_BYTES = 64 * 1024 * 1024  # parsing a file takes several times its size in memory

UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    SyntaxError,
    GEOSException,
    struct.error,
    shapefile.ShapefileException,
    zipfile.BadZipFile,
    InvalidFileException,
)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file's table, with column names in lower case."""

    columns: Mapping[str, Any]
    shape: BaseGeometry | None = None

    @property
    def pcode(self) -> str:
        return self.text("adm2_pcode") or self.text("adm1_pcode")

    @property
    def level(self) -> int:
        return FINEST if self.text("adm2_pcode") else 1

    def text(self, column: str) -> str:
        value = self.columns.get(column)
        return str(value).strip() if value is not None else ""


@dataclass
class BoundarySet:
    units: dict[str, Unit]
    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    ignored: int = 0
    new: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)  # the boundaries of these units crossed or touched themselves

    @property
    def without_shape(self) -> list[Unit]:
        return [unit for unit in self.units.values() if self.holds_ground(unit.pcode) and unit.pcode not in self.shapes]

    def holds_ground(self, pcode: str) -> bool:
        return self.units[pcode].level == FINEST or not any(unit.parent == pcode for unit in self.units.values())

    def add(self, file: Path, rows: list[Row]) -> None:
        """Raises BadFile."""
        own = [row for row in rows if is_ours(row)]
        if not own:
            raise BadFile(
                f"{file.name}: no row has a code of the country in ADM2_PCODE or ADM1_PCODE (KG and 11 digits)."
            )
        self.ignored += len(rows) - len(own)
        for row in own:
            self._learn(file, row)
        self._draw(file, own)

    def _learn(self, file: Path, row: Row) -> None:
        """The names of known units do not change, because files may misspell names."""
        if row.pcode in self.units:
            return
        parent = row.text("adm1_pcode") if row.level == FINEST else None
        if parent is not None and parent not in self.units:
            raise BadFile(
                f"{file.name}: {row.pcode} names {parent or 'nothing'} as its level-1 unit, which is not known."
            )
        self.units[row.pcode] = unit_of(row, parent)
        self.new.append(row.pcode)

    def _draw(self, file: Path, rows: list[Row]) -> None:
        parts: dict[str, list[BaseGeometry]] = {}
        for row in rows:
            if row.shape is not None and self.holds_ground(row.pcode):
                parts.setdefault(row.pcode, []).append(row.shape)
        if twice := parts.keys() & self.shapes.keys():
            raise BadFile(f"{file.name}: {min(twice)} already has a boundary from another file.")
        for pcode, shapes in parts.items():
            if not all(shape.is_valid for shape in shapes):
                self.repaired.append(pcode)
            self.shapes[pcode] = checked(file, pcode, unary_union([make_valid(shape) for shape in shapes]))


def is_ours(row: Row) -> bool:
    """Rows of enclaves have no code, or the code of another country."""
    return CODE.fullmatch(row.pcode) is not None


def unit_of(row: Row, parent: str | None) -> Unit:
    prefix = f"adm{row.level}"
    english = row.text(f"{prefix}_en") or row.text(f"{prefix}_name") or row.pcode
    is_city = row.text(f"{prefix}typ_en").endswith("city") or "(city)" in english
    names = {lang: bare(row.text(f"{prefix}_{lang}") or english) for lang in LANGUAGES}
    return Unit(
        pcode=row.pcode,
        parent=parent,
        level=row.level,
        kind=UnitKind.CITY if is_city else (UnitKind.RAYON if row.level == FINEST else UnitKind.OBLAST),
        names=names,
        valid_from=day(row.columns.get("validon")) or date(2018, 11, 19),
        valid_to=day(row.columns.get("validto")),
    )


def bare(name: str) -> str:
    """Some tables add the word for "city" to a name."""
    return name.removesuffix("(city)").removesuffix(" ш.").removeprefix("г.").strip()


def day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or not value:
        return value or None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def checked(file: Path, pcode: str, drawn: BaseGeometry) -> BaseGeometry:
    west, south, east, north = drawn.bounds if not drawn.is_empty else BOX
    if west < BOX[0] or south < BOX[1] or east > BOX[2] or north > BOX[3]:
        raise BadFile(
            f"{file.name}: {pcode} does not lie in the country. Longitudes and latitudes of WGS 84 are expected."
        )
    if drawn.area == 0:
        raise BadFile(f"{file.name}: {pcode} has no surface.")
    return drawn


def read(file: Path) -> list[Row]:
    """Raises BadFile."""
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise BadFile(f"{file.name}: one of {', '.join(READERS)} is expected.")
    try:
        return list(reader(file))
    except FileNotFoundError:
        raise BadFile(f"{file}: there is no such file.") from None
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror or 'it cannot be read'}.") from None
    except UNREADABLE:
        raise BadFile(
            f"{file.name}: it is not a {file.suffix.lower().lstrip('.')} file in OCHA's COD-AB layout."
        ) from None


def geojson(file: Path) -> Iterator[Row]:
    for feature in features(file):
        drawn = feature["geometry"]
        yield Row(lowered(feature["properties"]), shape(drawn) if drawn else None)


def features(file: Path) -> Any:
    """Raises BadFile if the file is too large, and one of UNREADABLE if the file has another format."""
    if file.stat().st_size > MOST_BYTES:
        raise BadFile(f"{file.name}: a GeoJSON file of at most {MOST_BYTES // 1024 // 1024} MiB is expected.")
    return json.loads(file.read_bytes())["features"]


def shapes(file: Path) -> Iterator[Row]:
    """The `.dbf` and `.shx` files must be in the same folder. The `.cpg` file names the text encoding."""
    code_page = file.with_suffix(".cpg")
    encoding = code_page.read_text(encoding="ascii").strip() if code_page.exists() else "utf-8"
    with shapefile.Reader(str(file), encoding=encoding, encodingErrors="replace") as table:
        for entry in table.iterShapeRecords():
            yield Row(lowered(entry.record.as_dict()), shape(entry.shape.__geo_interface__))


def workbook(file: Path) -> Iterator[Row]:
    """Sheets without a code column are skipped."""
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    for sheet in book.worksheets:
        lines = sheet.iter_rows(values_only=True)
        names = [str(cell or "").lower() for cell in next(lines, ())]
        if "adm1_pcode" in names:
            yield from (Row(dict(zip(names, line, strict=False))) for line in lines if any(line))


def lowered(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in columns.items()}


READERS: dict[str, Callable[[Path], Iterator[Row]]] = {
    ".geojson": geojson,
    ".json": geojson,
    ".shp": shapes,
    ".xlsx": workbook,
}
