"""Metrics about the held reports that wait for a person."""

from collections.abc import Iterable

from prometheus_client import Metric
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.held.queries import IS_HELD, WAITS
from services.registry.models import Report
from shared.web.measured import gauge, timestamp

WAITING = select(func.count(), func.min(Report.received_at)).where(IS_HELD, Report.reason.not_in(WAITS))


async def held_reports(session: AsyncSession) -> Iterable[Metric]:
    count, oldest = (await session.execute(WAITING)).one()
    return [
        gauge("registry_held_reports", "Held reports that wait for a person.", value=count),
        gauge(
            "registry_oldest_held_timestamp_seconds",
            "When the oldest of these reports arrived, or 0.",
            value=timestamp(oldest),
        ),
    ]
