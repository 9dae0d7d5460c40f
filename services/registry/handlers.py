"""What happens when reports come: they are filed in the book, and the world is told."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.reports import Filed
from services.registry.storage import Store
from services.registry.telling import Herald, utcnow
from services.registry.vault import Vault
from shared.draws import random_id
from shared.events.vocabulary import OutcomeKind
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
        batch = [filed(one) for one in received]
        store = Store(session, self._vault, self._places)
        book = await store.open(batch)
        decisions = [book.file(one) for one in batch]
        await store.save(book, self._herald.messages(book, self._clock()))
        return [Outcome(decision.outcome, decision.reason) for decision in decisions]


def filed(received: Received) -> Filed:
    """Not decided yet: what became of it is for the book to say."""
    reported, opened = received.event.data, received.opened
    return Filed(
        report_id=opened.report_id,
        subject=(reported.kind, opened.subject_id), clear=reported, sealed=opened.sealed, text=opened.text, plain=opened.plain, digest=received.digest,
        author=opened.author, team=str(reported.team) if reported.team else None, road=reported.road, received_at=reported.received_at,
        places_version=reported.places_version, flags=reported.flags,
        outcome=OutcomeKind.NOTED, outcome_id=random_id(),
    )  # fmt: skip
