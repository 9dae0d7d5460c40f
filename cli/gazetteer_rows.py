"""Reads a locality from a row of a list of ayil aymaks and settlements."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from cli.boundaries import BOX, CODE
from shared.places import LANGUAGES
from shared.places.gazetteer import Locality, LocalityKind

MOST_LETTERS = 100
MOST_ITEMS = 20
LISTED = ";"  # separates the aliases or successors in a cell


# a row that states no kind gets the first kind of its level
KINDS = {
    "3": (LocalityKind.AYMAK,),
    "4": (LocalityKind.VILLAGE, LocalityKind.TOWN, LocalityKind.CITY),
}


class Fault(Exception):
    """A value is wrong. The text of the error says which value is expected."""


@dataclass(frozen=True, slots=True)
class ListedRow:
    position: str
    texts: Mapping[str, str]

    def text(self, column: str) -> str:
        return self.texts.get(column, "")

    def items(self, column: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, map(str.strip, self.text(column).split(LISTED)))))


def locality_of(row: ListedRow) -> Locality:
    """Raises Fault."""
    valid_from, valid_to = day(row, "valid_from"), day(row, "valid_to")
    if valid_from and valid_to and valid_to < valid_from:
        raise Fault("`valid_to`: a day that is not before `valid_from` is expected")
    if row.items("successors") and valid_to is None:
        raise Fault("`valid_to`: the last day is expected for a locality with `successors`")
    lat, lon = point(row)
    return Locality(
        pcode=code(row.text("pcode"), "pcode"),
        parent=code(row.text("parent"), "parent"),
        kind=kind(row),
        names=names(row),
        lat=lat,
        lon=lon,
        valid_from=valid_from,
        valid_to=valid_to,
        aliases=tuple(name(alias, "aliases") for alias in items(row, "aliases")),
        successors=tuple(code(successor, "successors") for successor in items(row, "successors")),
    )


def items(row: ListedRow, column: str) -> tuple[str, ...]:
    """The number of items is limited because phones search all names of all localities."""
    if len(listed := row.items(column)) > MOST_ITEMS:
        raise Fault(f"`{column}`: at most {MOST_ITEMS} are expected, separated by `{LISTED}`")
    return listed


def code(text: str, column: str) -> str:
    if not CODE.fullmatch(text.upper()):
        raise Fault(f"`{column}`: KG and 11 digits are expected")
    return text.upper()


def kind(row: ListedRow) -> LocalityKind:
    stated, level = row.text("kind").lower(), row.text("level")
    if level not in ("", *KINDS):
        raise Fault("`level`: 3 (ayil aymak) or 4 (settlement) is expected")
    kinds = KINDS.get(level, tuple(LocalityKind))
    if not stated and level:
        return kinds[0]
    if stated not in kinds:
        raise Fault(f"`kind`: {' or '.join(kinds)} is expected")
    return LocalityKind(stated)


def names(row: ListedRow) -> dict[str, str]:
    """A missing name is taken from another language."""
    stated = {lang: name(row.text(lang), lang) for lang in LANGUAGES if row.text(lang)}
    if not stated:
        raise Fault(f"one of {', '.join(f'`{lang}`' for lang in LANGUAGES)} is expected")
    return {lang: stated.get(lang) or next(iter(stated.values())) for lang in LANGUAGES}


def name(text: str, column: str) -> str:
    if len(text) > MOST_LETTERS or not text.isprintable() or not any(map(str.isalpha, text)):
        raise Fault(f"`{column}`: a name of at most {MOST_LETTERS} letters is expected")
    return text


def day(row: ListedRow, column: str) -> date | None:
    text = row.text(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Fault(f"`{column}`: a day such as 2024-12-31 is expected") from None


def point(row: ListedRow) -> tuple[float | None, float | None]:
    if not row.text("lat") and not row.text("lon"):
        return None, None
    try:
        lat, lon = (float(row.text(column).replace(",", ".")) for column in ("lat", "lon"))
    except ValueError:
        raise Fault("`lat` and `lon`: two numbers are expected") from None
    west, south, east, north = BOX
    if not (math.isfinite(lat) and math.isfinite(lon) and south <= lat <= north and west <= lon <= east):
        raise Fault("`lat` and `lon`: degrees (WGS 84) in the country are expected")
    return lat, lon
