"""Read one document of a feed: decide, store and publish in one transaction."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.intake.feeds import queries, usgs
from services.intake.feeds.events import Stamp, wire
from services.intake.feeds.items import Cancellation, Entry, Item, ItemKind, Unreadable
from services.intake.feeds.register import Register
from shared.events.vocabulary import Status
from shared.messaging import outbox
from shared.places import Places
from shared.places.watched import WatchedArea

Counts = Counter[ItemKind]


@dataclass(frozen=True, slots=True)
class Source:
    """An institution that publishes hazards. `read` raises BadDocument."""

    name: str
    read: Callable[[bytes], list[Entry]]


SOURCES = {usgs.SOURCE: Source(usgs.SOURCE, usgs.read)}


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads documents with the settings of this installation."""

    area: WatchedArea
    places: Places
    status: Status

    async def read(
        self, session: AsyncSession, source: Source, feed: str, document: bytes, *, etag: str | None = None
    ) -> Counts:
        """Store hazards, aliases, counts and ETag, and add events to the outbox. The caller commits."""
        entries = source.read(document)
        now = datetime.now(UTC)
        await queries.lock(session, source.name)
        stamp = Stamp(source.name, self.status, now, self.places)
        readable = [entry for entry in entries if not isinstance(entry, Unreadable)]
        readable.sort(
            key=is_cancellation
        )  # cancellations last, because the same document may keep the hazard under another id
        unreadable = [entry for entry in entries if isinstance(entry, Unreadable)]
        register = await _register(session, source, readable)
        counts = Counter(register.take(entry, self.area, stamp).kind for entry in readable)
        counts[ItemKind.SET_ASIDE] = len(unreadable)
        await queries.save_hazards(session, [register.hazards[hazard_id] for hazard_id in register.touched])
        await queries.save_aliases(session, source.name, register.touched_aliases)
        await queries.save_set_aside(session, feed, unreadable, now)
        await queries.save_reading(session, feed, source.name, etag=etag, counts=counts, now=now)
        await outbox.add(session, *map(wire, register.published))
        return counts


def is_cancellation(entry: Entry) -> bool:
    return isinstance(entry, Cancellation)


async def _register(session: AsyncSession, source: Source, entries: list[Item | Cancellation]) -> Register:
    aliases = await queries.aliases_of(session, source.name, (name for entry in entries for name in entry.ids))
    return Register(aliases, await queries.known(session, aliases.values()))
