"""Reads what a person typed into a form: texts, places and numbers."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from starlette.datastructures import FormData
from starlette.requests import Request

from shared.country import COUNTRY, TIME_ZONE
from shared.pages.languages import language_of
from shared.pages.terms import N_
from shared.places import Places
from shared.places.localities import folded

Row = TypeVar("Row")
LONGEST_NUMBER = 4
LONGEST_DAY = len("2026-11-29")
WRITTEN_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:,? +(?=\d))?", re.ASCII)
MOST_AREAS = 100
NO_PLACE = N_("Names or P-codes are expected, separated by commas. No such place, or several: %(names)s")


@dataclass(frozen=True, slots=True)
class Fault:
    """A field with a wrong value. `expected` is a text for translation, and `values` fills its placeholders."""

    name: str
    expected: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.expected % self.values


class TypedForm:
    def __init__(self, typed: Mapping[str, Sequence[str]]) -> None:
        self._typed = typed

    def value(self, name: str, usual: str = "") -> str:
        return next(iter(self._typed.get(name, ())), usual).strip()

    @property
    def version(self) -> str:
        """Returns the version that the form sends back, or an empty text for a new record."""
        return self.value("version")[:64]

    @property
    def act(self) -> str:
        """Returns the name of the pressed button. The button for saving has no name."""
        return self.value("act", "save")

    def several(self, name: str) -> Sequence[str]:
        return self._typed.get(name, ())

    def areas(self, places: Places, wrong: list[Fault]) -> tuple[str, ...]:
        """Returns the named places. Adds each text that names no place, or several places, to `wrong`."""
        codes, unknown = list(self.several("areas")), list[str]()
        names: dict[str, set[str]] = {}
        for unit in places.units():
            for term in (*unit.terms(), *(unit.label(language) for language in ("ky", "ru", "en"))):
                names.setdefault(folded(term), set()).add(unit.pcode)
        for typed in filter(None, (part.strip() for part in self.value("other-areas").split(","))):
            pcodes = {typed.upper()} if typed.upper() == COUNTRY else names.get(folded(typed), set())
            if len(pcodes) == 1:
                codes += pcodes
            else:
                unknown.append(typed[:80])
        if unknown:
            wrong.append(Fault("other-areas", NO_PLACE, {"names": ", ".join(unknown[:5])}))
        return tuple(dict.fromkeys(codes))

    def number(self, name: str, lowest: int, highest: int, wrong: list[Fault]) -> int:
        """Reads a number. An empty field gives `lowest`.

        Any text that is no number in the range is added to `wrong`.
        """
        typed = self.value(name)
        if is_number(typed) and lowest <= int(typed) <= highest:
            return int(typed)
        if typed:
            expected = N_("A number from %(lowest)s to %(highest)s is expected.")
            wrong.append(Fault(name, expected, {"lowest": lowest, "highest": highest}))
        return lowest


def arrange(rows: list[Row], act: str, new: Row, most: int) -> None:
    """Adds, moves or removes a row. `act` is `add`, `up-1`, `down-0` or `drop-1`, for example.

    A form has at least one row, and at most `most` rows.
    """
    deed, _, position = act.partition("-")
    at = int(position) if is_number(position) else -1
    if deed == "add" and len(rows) < most:
        rows.append(new)
    elif deed == "drop" and 0 <= at < len(rows) > 1:
        del rows[at]
    elif deed in ("up", "down"):
        other = at - 1 if deed == "up" else at + 1
        if 0 <= at < len(rows) and 0 <= other < len(rows):
            rows[at], rows[other] = rows[other], rows[at]


def area_faults(areas: Sequence[str], places: Places) -> Iterator[Fault]:
    unknown = [area for area in areas if area != COUNTRY and places.unit(area) is None]
    if unknown or len(areas) > MOST_AREAS:
        shown = {"codes": ", ".join(unknown[:5]) or len(areas), "most": MOST_AREAS}
        yield Fault("areas", N_("At most %(most)s P-codes of known places are expected, not: %(codes)s"), shown)


def is_line(text: str, longest: int) -> bool:
    return text.strip() != "" and len(text) <= longest and text.isprintable()


def iso(typed: str) -> str:
    """Converts `29.11.2026 8:30` to ISO 8601, which browsers send too. Other texts are returned unchanged."""
    day = WRITTEN_DAY.match(typed)
    if day is None:
        return typed
    clock = typed[day.end() :]
    return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}{clock and f'T{clock:0>5}'}"


def local_instant(typed: str) -> datetime:
    """Reads a date with a time. Raises ValueError for another text, and for a date without a time."""
    written = iso(typed)
    if len(written) <= LONGEST_DAY:
        raise ValueError  # `fromisoformat` would take a missing time for midnight
    return datetime.fromisoformat(written).replace(tzinfo=TIME_ZONE)


def is_number(typed: str) -> bool:
    return typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER


def typed_of(form: FormData) -> dict[str, list[str]]:
    typed = dict[str, list[str]]()
    for name, value in form.multi_items():
        if isinstance(value, str):
            typed.setdefault(name, []).append(value)
    return typed


def version_of(shown: object) -> str:
    """Returns a digest of the shown data. The form sends the digest back.

    A different digest shows that the data have changed, so nobody overwrites an unseen change.
    """
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:32]


def expected_by_field(request: Request, faults: Sequence[Fault]) -> dict[str, str]:
    """Returns the expectation of each wrong field in the reader's language. Only the first fault of a field counts."""
    pages, language = request.app.state.pages, language_of(request)
    first_of_field = {fault.name: fault for fault in reversed(faults)}
    return {name: pages.gettext(language, fault.expected, **fault.values) for name, fault in first_of_field.items()}
