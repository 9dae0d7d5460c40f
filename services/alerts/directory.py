"""A copy of the receivers in memory, which is read again when PostgreSQL notifies of a change."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.notifications.plans import NotificationPlan
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver

SealedReceiver = tuple[Receiver, tuple[bytes, ...]]
OLDEST_SECONDS = 1.0  # the copy is read again at this age, because a NOTIFY can be missed


@dataclass(frozen=True, slots=True)
class KnownReceivers:
    """The plan that decides who is notified. `by_label` has the plan's receivers with their encrypted secrets."""

    plan: NotificationPlan
    by_label: Mapping[str, SealedReceiver]


class ReceiverDirectory:
    """Keeps the copy. A NOTIFY sets the event `changed`. If `changed` is None, each call reads the receivers again."""

    def __init__(self, changed: asyncio.Event | None = None) -> None:
        self._changed, self._known, self._read_at = changed, KnownReceivers(NotificationPlan(), {}), -OLDEST_SECONDS

    async def known(self, session: AsyncSession, now: datetime | None = None) -> KnownReceivers:
        """Returns the copy.

        If it must be read again, silences and overrides of rosters that ended before `now` are left out.
        """
        if self._changed is None or self._changed.is_set() or time.monotonic() - self._read_at > OLDEST_SECONDS:
            await self._read(session, now or datetime.now(UTC))
        return self._known

    async def _read(self, session: AsyncSession, now: datetime) -> None:
        read_at = time.monotonic()
        if self._changed is not None:
            # the event is cleared before the read, so that a change during the read causes another read
            self._changed.clear()
        try:
            rows = await receiver_queries.sealed_receivers(session)
            plan = await plan_queries.plan_of(session, [receiver for receiver, _ in rows], now)
        except BaseException:
            if self._changed is not None:
                self._changed.set()
            raise
        if read_at < self._read_at:
            return  # a read that began later has already stored a newer copy
        self._known = KnownReceivers(plan, {row[0].label: row for row in rows})
        self._read_at = read_at
