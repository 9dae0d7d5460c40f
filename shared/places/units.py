"""Administrative units, with their codes, parents, and current and former names."""

import csv
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("ky", "ru", "en")

Names = dict[str, str]


class UnitKind(StrEnum):
    OBLAST = "oblast"
    RAYON = "rayon"
    CITY = "city"
    AYMAK = "aymak"


# Each label combines the name and the kind of a unit. In Russian, the kind of a city is before the name.
LABELS: dict[UnitKind, Names] = {
    UnitKind.OBLAST: {"ky": "{} облусу", "ru": "{} область", "en": "{} oblast"},
    UnitKind.RAYON: {"ky": "{} району", "ru": "{} район", "en": "{} rayon"},
    UnitKind.CITY: {"ky": "{} шаары", "ru": "г. {}", "en": "{} city"},
    UnitKind.AYMAK: {"ky": "{} айыл аймагы", "ru": "{} айыл аймак", "en": "{} ayil aymak"},
}


@dataclass(frozen=True, slots=True)
class FormerName:
    """`until` is an ISO date, a month or a year, or empty if nobody knows the time."""

    names: Names
    until: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """`parent` comes from the national classification.

    The digits of a code do not always show the parent. A unit of level 1 has no parent.
    """

    pcode: str
    parent: str | None
    level: int
    kind: UnitKind
    names: Names
    valid_from: date
    valid_to: date | None = None
    aliases: tuple[str, ...] = ()
    former: tuple[FormerName, ...] = field(default=())

    def label(self, lang: str) -> str:
        """Return the name with the kind, because a name can be ambiguous. Naryn is an oblast, a rayon and a city."""
        lang = lang if lang in LANGUAGES else "en"
        return LABELS[self.kind][lang].format(self.names[lang])

    def terms(self) -> tuple[str, ...]:
        """Without duplicates."""
        former = (name for before in self.former for name in before.names.values())
        return tuple(dict.fromkeys((*self.names.values(), *former, *self.aliases, self.pcode)))


@cache
def seed() -> tuple[Unit, ...]:
    """All level-1 and level-2 units, without boundaries."""
    former = _former()
    return tuple(from_row(row, former.get(row["pcode"], ())) for row in _table("units.csv"))


def from_row(row: dict[str, Any], former: tuple[FormerName, ...] = ()) -> Unit:
    return Unit(
        pcode=row["pcode"],
        parent=row["parent"] or None,
        level=int(row["level"]),
        kind=UnitKind(row["kind"]),
        names=_names(row),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
        aliases=tuple(filter(None, row["aliases"].split(";"))),
        former=former,
    )


def _former() -> dict[str, tuple[FormerName, ...]]:
    former: dict[str, tuple[FormerName, ...]] = {}
    for row in _table("renames.csv"):
        former[row["pcode"]] = (*former.get(row["pcode"], ()), FormerName(_names(row), row["until"]))
    return former


def _names(row: dict[str, Any]) -> Names:
    return {lang: row[lang] for lang in LANGUAGES}


def _table(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(files("shared.places").joinpath(name).read_text(encoding="utf-8").splitlines()))
