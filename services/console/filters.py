"""The filter of the board's list of alerts. The page's address contains the filter. All functions are pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from services.console.sections import Section
from shared.events.vocabulary import HazardType, Severity
from shared.names import words
from shared.places import Places

LONGEST_TEXT = 100
MOST_WORDS = 10
MOST_HOURS = 24 * 30
HOURS = re.compile(r"[1-9][0-9]{0,2}")


@dataclass(frozen=True, slots=True)
class Filter:
    """The conditions for the alerts in the list. An empty field sets no condition.

    `faults` names the fields whose value was ignored, because the value is unknown or too long.
    """

    hazards: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    area: str | None = None
    hours: int | None = None
    text: str = ""
    faults: tuple[str, ...] = ()

    @property
    def is_active(self) -> bool:
        return bool(self.query)

    @property
    def query(self) -> str:
        """Writes the filter as the query part of a URL."""
        lists = (("hazard", self.hazards), ("severity", self.severities), ("state", self.states))
        single = (("area", self.area), ("hours", self.hours), ("text", self.text))
        pairs = [(name, value) for name, values in lists for value in values]
        return urlencode([*pairs, *((name, str(value)) for name, value in single if value)])


def of_query(query: str, places: Places) -> Filter:
    return of(parse_qsl(query), places)


def of(pairs: Iterable[tuple[str, str]], places: Places) -> Filter:
    """Reads the filter from the parameters of a URL. Unknown and empty parameters are ignored."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if value.strip():
            given.setdefault(name, []).append(value.strip())
    area, hours, text = (given.get(name, [""])[-1] for name in ("area", "hours", "text"))
    text = " ".join(text.split())
    is_right = {
        "hazard": set(given.get("hazard", ())) <= set(HazardType),
        "severity": set(given.get("severity", ())) <= set(Severity),
        "state": set(given.get("state", ())) <= set(Section),
        "area": not area or places.unit(area) is not None,
        "hours": not hours or (HOURS.fullmatch(hours) is not None and int(hours) <= MOST_HOURS),
        "text": len(text) <= LONGEST_TEXT and text.isprintable() and len([*words(text)]) <= MOST_WORDS,
    }
    return Filter(
        _known(given.get("hazard", ()), HazardType),
        _known(given.get("severity", ()), Severity),
        _known(given.get("state", ()), Section),
        area if area and is_right["area"] else None,
        int(hours) if hours and is_right["hours"] else None,
        text if is_right["text"] else "",
        tuple(name for name, right in is_right.items() if not right),
    )


def _known(values: Iterable[str], codes: type[StrEnum]) -> tuple[str, ...]:
    wanted = set(values)
    return tuple(str(code) for code in codes if code in wanted)
