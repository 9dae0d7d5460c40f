"""Deletes an alert's unsent messages when a silence or an Extreme alert begins to mute the alert."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.handlers import utcnow
from services.alerts.notifications.mutes import Mutes
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
# A transaction handles at most this number of alerts, so that it does not delay the worker's other tasks.
AT_ONCE = 100


class Withdrawals:
    """Runs until cancelled.

    Several workers may run this task, because each skips alerts that another worker has locked.

    An alert whose messages were deleted notifies its receivers at the end of the silence.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        rules: Ruleset,
        places: Places,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._sessions, self._rules, self._places, self._clock = sessions, rules, places, clock
        self._judged_by: Mutes | None = None
        # The mutes in `_judged_by` do not mute these alerts, which are judged again only after a change.
        self._unmuted: dict[UUID, int] = {}

    async def run(self) -> None:
        while True:
            await retry_while_unavailable(self.withdraw)
            await asyncio.sleep(LOOK_SECONDS)

    async def withdraw(self) -> int:
        async with database.committed(self._sessions) as session:
            if not await withdrawal_queries.has_unsent(session):
                self._unmuted.clear()
                return 0
            mutes = await mute_queries.mutes(session, self._clock())
            waiting = await withdrawal_queries.waiting(session, mutes.severities) if mutes.severities else {}
        if self._judged_by is None or not mutes.equal(self._judged_by):
            self._unmuted.clear()
        self._judged_by = mutes
        self._unmuted = {id: sequence for id, sequence in self._unmuted.items() if waiting.get(id) == sequence}
        changed = [id for id in waiting if id not in self._unmuted]
        groups = [changed[at : at + AT_ONCE] for at in range(0, len(changed), AT_ONCE)]
        return sum([await self._judge(group, waiting, mutes) for group in groups])

    async def _judge(self, ids: Collection[UUID], waiting: Mapping[UUID, int], mutes: Mutes) -> int:
        async with database.committed(self._sessions) as session:
            alerts = await alert_queries.by_id(session, ids)
            muted = mutes.muted(alerts.values(), self._places)
            self._unmuted |= {id: waiting[id] for id in ids if id not in muted}
            return await self._withdraw(session, muted, mutes.severities, self._clock()) if muted else 0

    async def _withdraw(
        self, session: AsyncSession, alert_ids: Collection[UUID], severities: Collection[Severity], now: datetime
    ) -> int:
        """An alert may have changed before it was locked, so it is judged again."""
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
