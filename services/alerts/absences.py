"""Takes alerts away from people who cannot act any more, so that somebody else acts on these alerts.

The task also stores which accounts are disabled, because a person with a disabled account does not count as on duty.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts import timeline
from services.alerts.acts import assignees
from services.alerts.handlers import utcnow
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import disabled_accounts as disabled_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.ruleset import Ruleset
from shared.auth.revocations import Revocations
from shared.failures import retry_while_unavailable
from shared.messaging import outbox
from shared.places import Places
from shared.postgres import database

LOOK_SECONDS = 10.0


class Absences:
    """Several workers may run this task, because each alert is checked again under its lock."""

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        rules: Ruleset,
        places: Places,
        access: Revocations,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._sessions, self._rules, self._places, self._access, self._clock = sessions, rules, places, access, clock

    async def run(self) -> None:
        """Runs until cancelled.

        Reads all revocations first, because a later revocation record may enable an account that an earlier record
        disabled.
        """
        await self._access.until_complete()
        while True:
            await retry_while_unavailable(self.give_back)
            await asyncio.sleep(LOOK_SECONDS)

    async def give_back(self) -> int:
        await self._store_disabled()
        async with database.committed(self._sessions) as session:
            now = self._clock()
            plan = await plan_queries.plan(session, now)
            count = 0
            for known in await alert_queries.with_people(session):
                if not assignees.absent(known, plan, self._access):
                    continue
                alert = await alert_queries.locked_alert(session, known.alert_id)
                names = [] if alert.resolved_at else assignees.absent(alert, plan, self._access)
                if names:
                    changes = await alert_queries.changes_of(
                        session, [alert], self._places, self._rules, now, plan=plan
                    )
                    after = changes.give_back(alert)
                    await alert_queries.save_changes(session, changes)
                    await timeline.add_given_back(session, after, names, now)
                    await outbox.add(session, *changes.messages)
                    count += 1
            return count

    async def _store_disabled(self) -> None:
        """Stores the disabled accounts and commits, before alerts are taken away."""
        async with database.committed(self._sessions) as session:
            accounts = [receiver.account_id for receiver in await receiver_queries.receivers(session)]
            disabled = {account for account in accounts if account is not None and self._access.is_disabled(account)}
            await disabled_queries.replace(session, disabled)
