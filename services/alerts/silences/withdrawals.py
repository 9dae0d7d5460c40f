"""Withdraws the messages that wait to be sent when a silence, or an Extreme alert, begins to mute their alerts."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.handlers import utcnow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import mutes as mute_queries
from services.alerts.queries import withdrawals as withdrawal_queries
from services.alerts.ruleset import Ruleset
from shared.events.vocabulary import Severity
from shared.failures import retry_while_unavailable
from shared.messaging import outbox
from shared.places import Places
from shared.postgres import database

LOOK_SECONDS = 1.0


class Withdrawals:
    """Runs until cancelled. A worker skips alerts that another worker has locked, so several workers may run at once.

    An alert whose messages were withdrawn waits for the end of the silence. Its receivers are then notified.
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
            await retry_while_unavailable(self.withdraw)
            await asyncio.sleep(LOOK_SECONDS)

    async def withdraw(self) -> int:
        """Withdraws the unsent messages of the alerts that are muted now; returns the number of these alerts."""
        async with database.committed(self._sessions) as session:
            now = self._clock()
            mutes = await mute_queries.mutes(session, now)
            waiting = await withdrawal_queries.waiting(session, mutes.severities) if mutes.severities else []
            muted = mutes.muted(waiting, self._places)
            return await self._withdraw(session, muted, mutes.severities, now) if muted else 0

    async def _withdraw(
        self, session: AsyncSession, alert_ids: Collection[UUID], severities: Collection[Severity], now: datetime
    ) -> int:
        """The alerts are judged again, because they may have changed before they were locked."""
        locked = await withdrawal_queries.locked(session, severities, alert_ids)
        changes = await alert_queries.changes_of(session, locked, self._places, self._rules, now)
        muted = [alert for alert in locked if changes.is_muted(alert)]
        labels = await withdrawal_queries.withdraw(session, [alert.alert_id for alert in muted])
        withdrawn = [alert for alert in muted if alert.alert_id in labels]
        for alert in withdrawn:
            changes.mute(alert, labels[alert.alert_id])
        await alert_queries.save_changes(session, changes)
        await outbox.add(session, *changes.messages)
        return len(withdrawn)
