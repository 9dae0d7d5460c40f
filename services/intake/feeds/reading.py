"""Reads one document of a feed. One transaction stores the new state, and the events in the outbox."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake import recent_hazards
from services.intake.feeds import queries
from services.intake.feeds.events import Stamp, wire
from services.intake.feeds.items import Cancellation, Entry, Item, ItemKind, Source, Unreadable
from services.intake.feeds.register import Register
from shared.events.vocabulary import Status
from shared.messaging import outbox
from shared.places import Places
from shared.places.watched import WatchedArea

Counts = Counter[ItemKind]


@dataclass(frozen=True, slots=True)
class Reader:
    area: WatchedArea
    places: Places
    status: Status

    async def read(
        self, session: AsyncSession, source: Source, address: str, document: bytes, *, etag: str | None = None
    ) -> Counts:
        """The caller commits.

        `address` is the URL or the file name of the document.
        """
        entries = source.read(document)
        now = datetime.now(UTC)
        await queries.lock(session, source.name)
        unreadable = [entry for entry in entries if isinstance(entry, Unreadable)]
        counts = Counter({ItemKind.SET_ASIDE: len(unreadable)})
        for status, group in by_status(entries).items():
            stamp = Stamp(source.name, self.status, now, self.places, own_status=status)
            counts.update(await self._take(session, group, stamp))
        feed = source.feed(address)
        await queries.save_set_aside(session, feed, unreadable, now)
        await queries.save_reading(session, feed, source.name, etag=etag, counts=counts, now=now)
        return counts

    async def _take(self, session: AsyncSession, entries: list[Item | Cancellation], stamp: Stamp) -> Counts:
        """The given entries must have the same status."""
        aliases = await queries.aliases_of(session, stamp.names, (name for entry in entries for name in entry.ids))
        register = Register(aliases, await queries.known(session, aliases.values()))
        counts = Counter(register.take(entry, self.area, stamp).kind for entry in entries)
        await queries.save_hazards(session, [register.hazards[hazard_id] for hazard_id in register.touched])
        await queries.save_aliases(session, stamp.names, register.touched_aliases)
        await recent_hazards.save(session, register.published, self.places)
        await outbox.add(session, *map(wire, register.published))
        return counts


def by_status(entries: list[Entry]) -> dict[Status, list[Item | Cancellation]]:
    """Group the entries by status.

    Cancellations come last: a cancellation can name an id that another entry of the document adds.
    """
    groups: dict[Status, list[Item | Cancellation]] = {}
    for entry in sorted(entries, key=is_cancellation):
        if not isinstance(entry, Unreadable):
            groups.setdefault(entry.status, []).append(entry)
    return groups


def is_cancellation(entry: Entry) -> bool:
    return isinstance(entry, Cancellation)
