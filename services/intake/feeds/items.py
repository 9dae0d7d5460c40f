"""The parsed entries of a source's document."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared.events.vocabulary import Certainty, HazardType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ItemKind(StrEnum):
    """The result of an entry. Each reading gives an entry exactly one result."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    OUT_OF_AREA = "out_of_area"
    NOT_A_HAZARD = "not_a_hazard"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Item:
    """`ids` are all ids that the source uses for the entry, the preferred id first. `type` None = not a hazard."""

    ids: tuple[str, ...]
    updated_ms: int
    type: HazardType | None
    onset: datetime
    lat: float
    lon: float
    magnitude: float | None
    depth_km: float | None
    certainty: Certainty
    title: str
    web: str | None


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The source cancelled or deleted the hazard."""

    ids: tuple[str, ...]
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An invalid entry: `reason` is a code, `pointer` a JSON pointer, `content` the original entry."""

    name: str
    reason: str
    pointer: str
    content: str


Entry = Item | Cancellation | Unreadable


class BadDocument(Exception):
    """The document is not valid for this source; nothing in it was read."""


def instant(milliseconds: int) -> datetime:
    """The instant of a Unix time in milliseconds, without floats, also for years that `fromtimestamp` rejects."""
    return EPOCH + timedelta(milliseconds=milliseconds)
