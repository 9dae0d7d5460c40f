"""Reads what mutes alerts: silences and Extreme alerts."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.notifications.mutes import Mutes
from services.alerts.queries import inhibitors as inhibitor_queries
from services.alerts.queries import silences as silence_queries


async def mutes(session: AsyncSession, now: datetime) -> Mutes:
    silences = [silence for silence in await silence_queries.not_ended(session, now) if silence.begins_at <= now]
    return Mutes(now, silences, await inhibitor_queries.inhibitors(session, now))
