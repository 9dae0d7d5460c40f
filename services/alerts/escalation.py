"""Escalates unanswered alerts and lets expired alerts lapse, at times that PostgreSQL stores."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import presences
from services.alerts.alerts import Alert
from services.alerts.changes import AlertChanges
from services.alerts.handlers import utcnow
from services.alerts.queries import alerts as alert_queries
from services.alerts.ruleset import Ruleset
from shared.failures import retry_while_unavailable
from shared.messaging import outbox
from shared.places import Places
from shared.postgres import database

LOOK_SECONDS = 2.0  # Alerts wait for minutes, so a delay of two seconds does not matter.
NOTIFIED_WITHIN = timedelta(hours=1)  # If an alert expired longer ago, nobody is notified.


class Escalation:
    """Runs until cancelled.

    Several workers may run this task, because each skips alerts that another worker has locked.
    """

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
            if not await retry_while_unavailable(self.escalate) + await retry_while_unavailable(self.expire):
                await asyncio.sleep(LOOK_SECONDS)

    async def escalate(self) -> int:
        async with database.committed(self._sessions) as session:
            now = self._clock()
            is_unattended = await presences.is_unattended(session, now, self._rules.escalation.unattended)
            due = await alert_queries.unanswered(session, now, is_unattended=is_unattended)
            if due:
                alert_changes = await self._changes(due, now, session)
                for alert in due:
                    alert_changes.escalate(alert)
                await self._write(alert_changes, session)
            return len(due)

    async def expire(self) -> int:
        """The alerts of a hazard lapse when the hazard is over."""
        async with database.committed(self._sessions) as session:
            now = self._clock()
            over = await alert_queries.expired(session, now)
            if over:
                alert_changes = await self._changes(over, now, session)
                for alert in over:
                    alert_changes.expire(
                        alert, is_notified=alert.expires is not None and now - alert.expires < NOTIFIED_WITHIN
                    )
                await self._write(alert_changes, session)
            return len(over)

    async def _changes(self, alerts: Sequence[Alert], now: datetime, session: AsyncSession) -> AlertChanges:
        return await alert_queries.changes_of(session, alerts, self._places, self._rules, now)

    async def _write(self, alert_changes: AlertChanges, session: AsyncSession) -> None:
        await alert_queries.save_changes(session, alert_changes)
        await outbox.add(session, *alert_changes.messages)
