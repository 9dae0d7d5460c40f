"""The criteria of a search, as written in the URL. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID

from services.console.search.kinds import STATES, SearchKind
from shared.country import TIME_ZONE
from shared.places import Places

LONGEST_TEXT = 200
LONGEST_SOURCE = 100
DAY_FORMATS = ("%d.%m.%Y", "%Y-%m-%d")


class Rejection(StrEnum):
    """The reasons to refuse a criterion of a search."""

    TEXT_TOO_LONG = "text_too_long"
    UNKNOWN_KIND = "unknown_kind"
    UNKNOWN_PLACE = "unknown_place"
    UNKNOWN_SOURCE = "unknown_source"
    UNKNOWN_STATE = "unknown_state"
    NO_DAY = "no_day"
    DAYS_REVERSED = "days_reversed"
    UNKNOWN_PAGE = "unknown_page"


@dataclass(frozen=True, slots=True)
class SearchCriteria:
    """The criteria. `since` and `until` are the first and the last day, in the country's time zone.

    `after` is the id of the last result on the previous page.
    """

    kind: SearchKind
    text: str = ""
    place: str | None = None
    source: str | None = None
    state: str | None = None
    since: date | None = None
    until: date | None = None
    after: UUID | None = None

    @property
    def begins_at(self) -> datetime | None:
        return None if self.since is None else _midnight(self.since)

    @property
    def ends_at(self) -> datetime | None:
        return None if self.until is None else _midnight(self.until + timedelta(days=1))

    def address(self, path: str = "/search", *, kind: SearchKind | None = None, after: UUID | None = None) -> str:
        """Returns the URL of a search.

        With another `kind`, the URL has no state, because each kind has its own states.
        """
        is_same = kind is None or kind is self.kind
        values = {
            "kind": (kind or self.kind).value,
            "q": self.text,
            "place": self.place,
            "source": self.source,
            "state": self.state if is_same else None,
            "since": self.since,
            "until": self.until,
            "after": after,
        }
        return f"{path}?{urlencode({name: value for name, value in values.items() if value})}"


def criteria_of(
    values: Mapping[str, str], kinds: tuple[SearchKind, ...], places: Places
) -> tuple[SearchCriteria, list[Rejection]]:
    """Reads the criteria. Returns the accepted criteria, and the reasons for the refused criteria."""
    rejections: list[Rejection] = []
    given = {name: value.replace("\0", "").strip() for name, value in values.items()}  # PostgreSQL refuses NUL
    kind = _kind(given.get("kind", ""), kinds, rejections)
    since, until = (_day(given.get(name, ""), rejections) for name in ("since", "until"))
    if since and until and until < since:
        rejections.append(Rejection.DAYS_REVERSED)
    criteria = SearchCriteria(
        kind,
        _accepted(given.get("q", ""), LONGEST_TEXT, Rejection.TEXT_TOO_LONG, rejections) or "",
        _place(given.get("place", ""), places, rejections),
        _accepted(given.get("source", ""), LONGEST_SOURCE, Rejection.UNKNOWN_SOURCE, rejections),
        _state(given.get("state", ""), kind, rejections),
        since,
        until,
        _after(given.get("after", ""), rejections),
    )
    return criteria, rejections


def _kind(value: str, kinds: tuple[SearchKind, ...], rejections: list[Rejection]) -> SearchKind:
    known = {kind.value: kind for kind in kinds}
    if value and value not in known:
        rejections.append(Rejection.UNKNOWN_KIND)
    return known.get(value, kinds[0])


def _accepted(value: str, most: int, rejection: Rejection, rejections: list[Rejection]) -> str | None:
    if len(value) > most:
        rejections.append(rejection)
        return None
    return value or None


def _place(value: str, places: Places, rejections: list[Rejection]) -> str | None:
    if value and places.unit(value) is None:
        rejections.append(Rejection.UNKNOWN_PLACE)
        return None
    return value or None


def _state(value: str, kind: SearchKind, rejections: list[Rejection]) -> str | None:
    if value and value not in STATES[kind][1]:
        rejections.append(Rejection.UNKNOWN_STATE)
        return None
    return value or None


def _day(value: str, rejections: list[Rejection]) -> date | None:
    for day_format in DAY_FORMATS if value else ():
        try:
            day = datetime.strptime(value, day_format).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if 1900 <= day.year <= 2100:  # noqa: PLR2004 - other years are typing errors, and the last has no day after
            return day
    if value and Rejection.NO_DAY not in rejections:
        rejections.append(Rejection.NO_DAY)
    return None


def _after(value: str, rejections: list[Rejection]) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        rejections.append(Rejection.UNKNOWN_PAGE)
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), TIME_ZONE)
