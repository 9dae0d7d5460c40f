"""Builds the events of feed entries. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.feeds.decisions import FeedAction, Known
from services.intake.feeds.infos import HazardInfo
from services.intake.feeds.items import Cancellation, Item, instant
from shared.events import HazardCancelled, HazardReported, HazardUpdated, Message, derived_id, event_id, message
from shared.events.vocabulary import MsgType, Status, SubmissionChannel
from shared.places import Places

EVENT_SOURCE = "/intake"

EVENTS: dict[FeedAction, tuple[type[HazardReported], MsgType]] = {
    FeedAction.REPORT: (HazardReported, MsgType.ALERT),
    FeedAction.UPDATE: (HazardUpdated, MsgType.UPDATE),
    FeedAction.CANCEL: (HazardCancelled, MsgType.CANCEL),
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """`counted` is the status that real hazards get: Actual, or Exercise in an exercise."""

    source: str
    counted: Status
    now: datetime
    places: Places
    own_status: Status = Status.ACTUAL

    @property
    def status(self) -> Status:
        """Return the status to publish. A hazard that the source marks as a test keeps its status."""
        return self.counted if self.own_status is Status.ACTUAL else self.own_status

    @property
    def names(self) -> str:
        """Return the namespace of the ids.

        Tests have a separate namespace, so that a test never changes a real hazard.
        """
        return self.source if self.own_status is Status.ACTUAL else f"{self.source}/{self.own_status}"

    @property
    def author(self) -> UUID:
        """Return an id derived from the source's name, because a feed has no account."""
        return derived_id("feed", self.source)


def report(item: Item, hazard: HazardInfo, known: Known | None, aliases: tuple[str, ...], stamp: Stamp) -> Known:
    """Return the hazard with the event of its first report or update. The caller must publish the event."""
    action = FeedAction.UPDATE if known else FeedAction.REPORT
    source_id = known.event.source_id if known else item.ids[0]
    return _published(action, _content(hazard, stamp), source_id, item, known, aliases, stamp)


def take_back(entry: Item | Cancellation, known: Known, aliases: tuple[str, ...], stamp: Stamp) -> Known:
    """Return the hazard with the event of its cancellation.

    The event repeats the last content. The caller must publish the event.
    """
    return _published(FeedAction.CANCEL, dict(known.event), known.event.source_id, entry, known, aliases, stamp)


def wire(event: HazardReported) -> Message:
    """Make the message.

    Two messages for one revision have the same event id, so readers ignore the second.
    """
    id = event_id(event.event_type, event.author, event.report_id, event.version)
    return message(event, id=id, source=EVENT_SOURCE, time=event.received_at)


def _published(
    action: FeedAction,
    content: dict[str, Any],
    source_id: str,
    entry: Item | Cancellation,
    known: Known | None,
    aliases: tuple[str, ...],
    stamp: Stamp,
) -> Known:
    model, msg_type = EVENTS[action]
    revision = _revision(entry, known)
    stamped = {
        "report_id": derived_id("report", stamp.names, source_id, revision),
        "hazard_id": derived_id("hazard", stamp.names, source_id),
        "status": stamp.status,
        "source": stamp.source,
        "source_id": source_id,
        "aliases": tuple(name for name in aliases if name != source_id)[:50],
        "revision": revision,
        "msg_type": msg_type,
        "reported_at": instant(entry.updated_ms),
        "author": stamp.author,
        "channel": SubmissionChannel.FEED,
        "received_at": stamp.now,
        "places_version": stamp.places.version,
    }
    return Known(
        model(**{**content, **stamped}), entry.updated_ms, entry.ids[0], is_cancelled=action is FeedAction.CANCEL
    )


def _content(hazard: HazardInfo, stamp: Stamp) -> dict[str, Any]:
    area = hazard.area.model_copy(update={"pcodes": stamp.places.pcodes_of(hazard.area)})
    return {**dict(hazard), "area": area}


def _revision(entry: Item | Cancellation, known: Known | None) -> int:
    """Return the revision of the event, usually the source's `updated` time.

    Revisions therefore increase even after a loss of intake's database.
    """
    return max(entry.updated_ms, known.event.revision + 1) if known else entry.updated_ms
