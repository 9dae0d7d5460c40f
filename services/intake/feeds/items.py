"""What one entry of any source's document says, once it was read."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared.events.vocabulary import Certainty, HazardType

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ItemKind(StrEnum):
    """How an entry of a feed ends: exactly one of these at each reading."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    OUT_OF_AREA = "out_of_area"
    NOT_A_HAZARD = "not_a_hazard"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Item:
    """`ids` are all names that the source has for it, the preferred one first; `type` None = not a hazard."""

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
class Deletion:
    """The source took the entry back."""

    ids: tuple[str, ...]
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that lacks what an item needs: `reason` a code, `pointer` where, `content` as it came."""

    name: str
    reason: str
    pointer: str
    content: str


Entry = Item | Deletion | Unreadable


class BadDocument(Exception):
    """The document as a whole is not one of this source; nothing in it was read."""


def instant(milliseconds: int) -> datetime:
    """Without floats, and for years that `fromtimestamp` does not know."""
    return EPOCH + timedelta(milliseconds=milliseconds)
