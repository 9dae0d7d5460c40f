"""Sources of hazards, and the entries in their documents."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.intake.feeds.infos import HazardInfo
from shared.events.vocabulary import Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEPT_CHARACTERS = 16_000  # an unreadable entry is cut to this number of characters


class ItemKind(StrEnum):
    """The result of reading an entry. Whenever a document is read, each entry gets exactly one result."""

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

    `urls` are the institution's own feeds, and `kind` is the kind of their documents. If the kind has the same name as
    the institution, `kind` is None.
    """

    name: str
    read: Callable[[bytes], list[Entry]]
    urls: tuple[str, ...] = ()
    kind: str | None = None

    def feed(self, address: str) -> str:
        """The feed's name, in the form of `INTAKE_FEEDS`.

        An address with two kinds or two sources counts as two feeds.
        """
        return f"{self.kind}:{self.name}={address}" if self.kind else f"{self.name}={address}"


class BadDocument(Exception):
    """The document is not valid for this source; nothing in it was read."""


def instant(milliseconds: int) -> datetime:
    """The computation uses no floats, so years that `fromtimestamp` rejects are accepted."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def one_line(text: str, longest: int = 150) -> str:
    """The contract forbids control characters in a line."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"
