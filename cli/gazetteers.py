"""Reads lists of ayil aymaks and settlements from CSV or GeoJSON files, and checks each list as a whole."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import boundaries
from cli.boundaries import UNREADABLE
from cli.files import BadFile
from cli.gazetteer_rows import LISTED, Fault, ListedRow, locality_of
from shared.places import LANGUAGES, Unit
from shared.places.gazetteer import MOST_LOCALITIES, Locality
from shared.sheets import reading
from shared.sheets.sheet import FileFault, UnreadableFile

MOST_BYTES = 16 * 1024 * 1024
MOST_SHOWN = 50
COLUMNS = (
    "pcode",
    "parent",
    "level",
    "kind",
    *LANGUAGES,
    "lat",
    "lon",
    "valid_from",
    "valid_to",
    "aliases",
    "successors",
)
SAME_COLUMNS = {
    "code": "pcode",
    "parent_code": "parent",
    "latin": "en",
    "latitude": "lat",
    "longitude": "lon",
    **{f"name_{lang}": lang for lang in LANGUAGES},
}


@dataclass
class LocalityList:
    units: Mapping[str, Unit]
    localities: dict[str, Locality] = field(default_factory=dict)
    imported: set[str] = field(default_factory=set)
    ignored: int = 0
    unread_columns: set[str] = field(default_factory=set)

    def add(self, file: Path, rows: list[ListedRow]) -> None:
        """Add the localities of the rows.

        If one row is faulty, add nothing, and raise BadFile with the faults of all rows.
        """
        read, faults = localities_of(rows)
        own = {pcode: locality for pcode, locality in read.items() if pcode not in self.units}
        known = self.localities | own
        if not faults:  # an unreadable row of an ayil aymak would make the rows of its villages seem faulty
            positions = {locality.pcode: row.position for row, locality in zip(rows, read.values(), strict=True)}
            faults = [
                f"{positions.get(pcode) or f'{pcode}, imported earlier'}: {fault}."
                for pcode, locality in known.items()
                for fault in self._relations(locality, known)
            ]
        if len(known) > MOST_LOCALITIES:
            faults.append(f"At most {MOST_LOCALITIES} localities are expected.")
        if faults:
            raise BadFile(f"{file.name}:\n" + "\n".join(shown(faults)))
        self.localities = known
        self.imported |= own.keys()
        self.ignored += len(read) - len(own)
        self.unread_columns |= {column for row in rows for column in row.texts if column not in COLUMNS}

    def _relations(self, locality: Locality, known: Mapping[str, Locality]) -> Iterator[str]:
        if locality.parent in known:
            is_fitting = locality.is_settlement and not known[locality.parent].is_settlement
        else:
            is_fitting = locality.parent in self.units and self._holds_localities(locality.parent)
        if not is_fitting:
            above = "an ayil aymak, a district or a city" if locality.is_settlement else "a district or a city"
            yield f"`parent`: the code of {above} is expected"
        for successor in locality.successors:
            if successor == locality.pcode or known.get(successor, locality).is_settlement != locality.is_settlement:
                yield f"`successors`: the codes of other localities of the same level are expected, not {successor}"
            elif successor not in known and successor not in self.units:
                yield f"`successors`: {successor} is in no list"

    def _holds_localities(self, pcode: str) -> bool:
        """Whether a locality can lie directly in the unit. An oblast with districts has no localities of its own."""
        return self.units[pcode].level > 1 or not any(unit.parent == pcode for unit in self.units.values())


def localities_of(rows: Iterable[ListedRow]) -> tuple[dict[str, Locality], list[str]]:
    read: dict[str, Locality] = {}
    faults: list[str] = []
    for row in rows:
        try:
            locality = locality_of(row)
        except Fault as fault:
            faults.append(f"{row.position}: {fault}.")
            continue
        if read.setdefault(locality.pcode, locality) is not locality:
            faults.append(f"{row.position}: `pcode`: {locality.pcode} is in the file twice.")
    return read, faults


def shown(faults: list[str]) -> list[str]:
    more = len(faults) - MOST_SHOWN
    return [*faults[:MOST_SHOWN], *([f"{more} more rows are wrong."] if more > 0 else [])]


def read(file: Path) -> list[ListedRow] | None:
    """Return None for a file of boundaries. Raises BadFile."""
    readers = {".csv": from_csv, ".geojson": from_geojson, ".json": from_geojson}
    reader = readers.get(file.suffix.lower())
    try:
        return reader(file) if reader else None
    except FileNotFoundError:
        raise BadFile(f"{file}: there is no such file.") from None
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror or 'it cannot be read'}.") from None


def from_csv(file: Path) -> list[ListedRow]:
    check_size(file)
    try:
        header, *lines = reading.read(file.read_bytes(), most_lines=MOST_LOCALITIES + 1)[0].lines
    except UnreadableFile as error:
        expected = f"at most {MOST_LOCALITIES} rows are" if error.fault is FileFault.TOO_LARGE else "a CSV file is"
        raise BadFile(f"{file.name}: {expected} expected.") from None
    columns = [column_of(label) for label in header.cells]
    if "pcode" not in columns or "parent" not in columns:
        raise BadFile(f"{file.name}: a header with the columns {', '.join(COLUMNS)} is expected.")
    if twice := next((column for column in columns if column in COLUMNS and columns.count(column) > 1), None):
        raise BadFile(f"{file.name}: the column {twice} is expected once.")
    if faulty := next((line for line in lines if line.faults), None):
        raise BadFile(f"{file.name}: line {faulty.number}: text in UTF-8, with closed quotation marks, is expected.")
    return [ListedRow(f"line {line.number}", dict(zip(columns, line.cells, strict=False))) for line in lines]


def from_geojson(file: Path) -> list[ListedRow] | None:
    try:
        features = boundaries.features(file)
        properties = [lowered(feature["properties"]) for feature in features]
        if not any("pcode" in texts and "parent" in texts for texts in properties):
            return None
        points = [point_of(feature.get("geometry")) for feature in features]
    except UNREADABLE:
        return None
    check_size(file)
    if len(properties) > MOST_LOCALITIES:
        raise BadFile(f"{file.name}: at most {MOST_LOCALITIES} features are expected.")
    pairs = zip(properties, points, strict=True)
    return [ListedRow(f"feature {number}", texts | point) for number, (texts, point) in enumerate(pairs, 1)]


def check_size(file: Path) -> None:
    if file.stat().st_size > MOST_BYTES:
        raise BadFile(f"{file.name}: a list of at most {MOST_BYTES // 1024 // 1024} MiB is expected.")


def lowered(properties: Mapping[str, Any]) -> dict[str, str]:
    return {column_of(name): text_of(value) for name, value in properties.items() if value is not None}


def text_of(value: Any) -> str:
    return LISTED.join(map(str, value)) if isinstance(value, list) else str(value).strip()


def point_of(geometry: Mapping[str, Any] | None) -> dict[str, str]:
    if not geometry or geometry.get("type") != "Point":
        return {}
    coordinates = geometry.get("coordinates")
    lon, lat, *_ = (
        coordinates if isinstance(coordinates, list) and len(coordinates) > 1 else ("no longitude", "no latitude")
    )
    return {"lat": str(lat), "lon": str(lon)}


def column_of(label: str) -> str:
    name = label.strip().lower()
    return SAME_COLUMNS.get(name, name)


def settlements(localities: Iterable[Locality]) -> int:
    return sum(locality.is_settlement for locality in localities)
