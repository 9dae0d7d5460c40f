"""Keeps a copy of the notification plan in memory. The copy is read again after a NOTIFY of PostgreSQL."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.notifications.plans import NotificationPlan
from services.alerts.queries import inhibitors as inhibitor_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver

SealedReceiver = tuple[Receiver, tuple[bytes, ...]]
OLDEST_SECONDS = 5.0  # A NOTIFY can get lost, so the copy is read again after this time.
INHIBITED_SECONDS = 1.0  # Changes of alerts send no NOTIFY, so inhibitions are read again after this time.


@dataclass(frozen=True, slots=True)
class CachedPlan:
    plan: NotificationPlan
    by_label: Mapping[str, SealedReceiver]


class PlanCache:
    """A NOTIFY sets `changed`.

    If `changed` is None, each call reads everything again.
    """

    def __init__(self, changed: asyncio.Event | None = None) -> None:
        self._changed, self._cached = changed, CachedPlan(NotificationPlan(), {})
        self._read_at, self._inhibitors_read_at = -OLDEST_SECONDS, -INHIBITED_SECONDS

    async def current(self, session: AsyncSession, now: datetime | None = None) -> CachedPlan:
        """Leaves out silences, overrides and inhibitions that ended before `now`."""
        at = now or datetime.now(UTC)
        if self._changed is None or self._changed.is_set() or time.monotonic() - self._read_at > OLDEST_SECONDS:
            await self._read(session, at)
        if self._changed is None or time.monotonic() - self._inhibitors_read_at > INHIBITED_SECONDS:
            await self._read_inhibitors(session, at)
        return self._cached

    async def _read(self, session: AsyncSession, now: datetime) -> None:
        read_at = time.monotonic()
        if self._changed is not None:
            # The event is cleared before the read, so that a change during the read causes another read.
            self._changed.clear()
        try:
            rows = await receiver_queries.sealed_receivers(session)
            settings = await plan_queries.settings_of(session, [receiver for receiver, _ in rows], now)
        except BaseException:
            if self._changed is not None:
                self._changed.set()
            raise
        if read_at < self._read_at:
            return  # A read that began later has already stored a newer copy.
        plan = replace(settings, inhibitors=self._cached.plan.inhibitors)
        self._cached = CachedPlan(plan, {row[0].label: row for row in rows})
        self._read_at = read_at

    async def _read_inhibitors(self, session: AsyncSession, now: datetime) -> None:
        read_at = time.monotonic()
        inhibitors = await inhibitor_queries.inhibitors(session, now)
        if read_at >= self._inhibitors_read_at:
            self._cached = replace(self._cached, plan=replace(self._cached.plan, inhibitors=inhibitors))
            self._inhibitors_read_at = read_at
