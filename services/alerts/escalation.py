"""Nobody has answered: the next step is told, and told again until somebody does. The clock is in PostgreSQL."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import queries
from services.alerts.book import Book
from services.alerts.handlers import utcnow
from services.alerts.ruleset import Ruleset
from shared import outbox
from shared.faults import patiently
from shared.places import Places

LOOK_SECONDS = 1.0


class Escalation:
    """Works until cancelled; several may work side by side, as each takes alerts that no other holds."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        rules: Ruleset,
        places: Places,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._sessions, self._rules, self._places, self._clock = sessions, rules, places, clock

    async def run(self) -> None:
        while True:
            if not await patiently(self.escalate):
                await asyncio.sleep(LOOK_SECONDS)

    async def escalate(self) -> int:
        """One round over the alerts whose time is up; how many there were."""
        async with self._sessions.begin() as session:
            now = self._clock()
            due = await queries.unanswered(session, now)
            if due:
                receivers = await queries.receivers(session)
                book = Book(due, receivers, {}, places=self._places, rules=self._rules, now=now)
                for alert in due:
                    book.escalate(alert)
                await queries.save_book(session, book)
                await outbox.add(session, *book.messages)
            return len(due)
