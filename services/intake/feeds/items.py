"""Sources of hazards, and the entries in their documents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.intake.feeds.infos import HazardInfo
from shared.events.vocabulary import Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT_CHARACTERS = 16_000  # intake stores at most this number of characters of an unreadable entry


class ItemKind(StrEnum):
    """The result of reading an entry. Each entry of a document gets exactly one result."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    OUT_OF_AREA = "out_of_area"
    NOT_A_HAZARD = "not_a_hazard"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Item:
    """`ids` are the source's ids of the hazard, the preferred id first.

    `hazard` is None if the entry is not about a hazard.

    `status` is the status at the source, for example Actual or Test.
    """

    ids: tuple[str, ...]
    updated_ms: int
    hazard: HazardInfo | None
    status: Status = Status.ACTUAL


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The entry says that the source has cancelled or deleted the hazard."""

    ids: tuple[str, ...]
    updated_ms: int
    status: Status = Status.ACTUAL


@dataclass(frozen=True, slots=True)
class Unreadable:
    """`reason` is a code; `pointer` is a JSON pointer to the fault."""

    name: str
    reason: str
    pointer: str
    content: str


Entry = Item | Cancellation | Unreadable


@dataclass(frozen=True, slots=True)
class Source:
    """`read` raises BadDocument.

    `name` is the institution. `urls` are the addresses of the feeds that the institution publishes. `kind` is the
    format of the documents, or None if the format is named after the institution.
    """

    name: str
    read: Callable[[bytes], list[Entry]]
    urls: tuple[str, ...] = ()
    kind: str | None = None

    def feed(self, address: str) -> str:
        """Return the feed's name, in the form of `INTAKE_FEEDS`.

        The name contains kind and source, because an address can belong to two feeds.
        """
        return f"{self.kind}:{self.name}={address}" if self.kind else f"{self.name}={address}"


class BadDocument(Exception):
    """The whole document is invalid for this source, and none of its entries was read."""


def instant(milliseconds: int) -> datetime:
    """Unlike `fromtimestamp`, accepts all years of `datetime`, because no float is involved."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def one_line(text: str, longest: int = 150) -> str:
    """Return at most `longest` characters.

    Control characters become spaces, because the contract forbids them in a line.
    """
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
