"""Compares a feed's entry with the hazard that was published before, and decides whether to publish the entry. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from services.intake.feeds.infos import HazardInfo
from services.intake.feeds.items import Cancellation, Item, ItemKind
from shared.events import HazardReported
from shared.events.vocabulary import Status
from shared.places import Places
from shared.places.watched import WatchedArea


class FeedAction(StrEnum):
    REPORT = "report"
    UPDATE = "update"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Known:
    event: HazardReported
    updated_ms: int
    preferred: str
    is_cancelled: bool = False

    @property
    def hazard_id(self) -> UUID:
        return self.event.hazard_id


@dataclass(frozen=True, slots=True)
class FeedDecision:
    """`action` is None if intake publishes nothing. `reason` explains `kind`."""

    kind: ItemKind
    reason: str
    action: FeedAction | None = None


FOR_ACTION = (Status.ACTUAL, Status.EXERCISE, Status.TEST)

NOT_FOR_ACTION = FeedDecision(ItemKind.NOT_A_HAZARD, "draft or system message")
NEVER_PUBLISHED = FeedDecision(ItemKind.UNCHANGED, "never published")
OTHER_NAME = FeedDecision(ItemKind.UNCHANGED, "goes on under another name")
OLDER = FeedDecision(ItemKind.UNCHANGED, "not newer")
SAME = FeedDecision(ItemKind.UNCHANGED, "nothing material")


def decide(entry: Item | Cancellation, known: Known | None, area: WatchedArea, places: Places) -> FeedDecision:
    """Publish an entry if it has an accepted status, lies in the watched area, and is new or changed.

    An update or cancellation of a published hazard is published even outside the area, because receivers know the
    hazard.
    """
    if entry.status not in FOR_ACTION:
        return NOT_FOR_ACTION
    if isinstance(entry, Cancellation):
        return _withdraw(entry, known) if known else NEVER_PUBLISHED
    if entry.hazard is None:
        return _cancel(entry, known, "no hazard") if known else FeedDecision(ItemKind.NOT_A_HAZARD, "other type")
    if known is None and not area.watches(entry.hazard):
        return FeedDecision(ItemKind.OUT_OF_AREA, "out of area")
    if known is None:
        return FeedDecision(ItemKind.PUBLISHED, "new", FeedAction.REPORT)
    return _compare(entry, entry.hazard, known, places)


def _withdraw(cancellation: Cancellation, known: Known) -> FeedDecision:
    """Cancel the hazard only if the source has deleted the hazard's preferred id.

    An earthquake can have several ids. A seismic network may delete its own id although the earthquake happened.
    """
    return _cancel(cancellation, known, "deleted") if known.preferred in cancellation.ids else OTHER_NAME


def _cancel(entry: Item | Cancellation, known: Known, reason: str) -> FeedDecision:
    if known.is_cancelled or entry.updated_ms < known.updated_ms:
        return OLDER
    return FeedDecision(ItemKind.PUBLISHED, reason, FeedAction.CANCEL)


def _compare(item: Item, hazard: HazardInfo, known: Known, places: Places) -> FeedDecision:
    if item.updated_ms < known.updated_ms:
        return OLDER
    if known.is_cancelled:
        return (
            FeedDecision(ItemKind.PUBLISHED, "back", FeedAction.UPDATE) if item.updated_ms > known.updated_ms else OLDER
        )
    changes = hazard.changes(known.event, places)
    return FeedDecision(ItemKind.PUBLISHED, ", ".join(changes), FeedAction.UPDATE) if changes else SAME
