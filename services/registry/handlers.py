"""What happens when reports come: they are filed in the book, and the world is told."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.storage import Store
from services.registry.telling import Herald, utcnow
from services.registry.vault import Vault
from shared.places import Places
from shared.readings import Outcome, Received


class Registrar:
    def __init__(self, vault: Vault, places: Places, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._vault = vault
        self._places = places
        self._herald = Herald(places)
        self._clock = clock

    async def file_reports(self, received: Sequence[Received], session: AsyncSession) -> list[Outcome]:
        """Each report's outcome, in order. The caller commits."""
        batch = [one.opened for one in received]
        store = Store(session, self._vault, self._places)
        book = await store.open(batch)
        decisions = [book.file(one) for one in batch]
        await store.save(book, self._herald.messages(book, self._clock()))
        return [Outcome(decision.outcome, decision.reason) for decision in decisions]
