"""Lists the sources of alerts: feeds, other systems, and the centre itself."""

from datetime import datetime, timedelta

from sqlalchemy import cast, select
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import AlertRow

SOURCE = cast(AlertRow.figures, JSON)["source"].astext
MOST_SOURCES, KNOWN_WITHIN = 100, timedelta(days=30)


async def sources(session: AsyncSession, now: datetime) -> list[str]:
    """Lists only sources of the last 30 days."""
    recent = select(SOURCE).where(AlertRow.raised_at > now - KNOWN_WITHIN, SOURCE.is_not(None))
    return list(await session.scalars(recent.distinct().order_by(SOURCE).limit(MOST_SOURCES)))
