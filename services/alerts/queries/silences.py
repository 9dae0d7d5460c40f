"""SQL for silences. The caller commits."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.models import AlertRow, SilenceRow
from services.alerts.queries import rows
from services.alerts.silences.silences import Silence
from shared.postgres.models import table
from shared.postgres.upsert import upsert

MOST_ENDED = 50
_silence = TypeAdapter(Silence)


async def not_ended(session: AsyncSession, now: datetime) -> list[Silence]:
    """Includes silences that begin later. The silence that ends first comes first."""
    columns = table(SilenceRow).columns
    wanted = select(*columns).where(columns.ends_at > now).order_by(columns.ends_at)
    return rows.valid((await session.execute(wanted)).mappings(), _silence, SilenceRow.__tablename__)


async def ended(session: AsyncSession, now: datetime) -> list[Silence]:
    columns = table(SilenceRow).columns
    wanted = select(*columns).where(columns.ends_at <= now).order_by(columns.ends_at.desc()).limit(MOST_ENDED)
    return rows.valid((await session.execute(wanted)).mappings(), _silence, SilenceRow.__tablename__)


async def silence(session: AsyncSession, silence_id: UUID) -> Silence | None:
    columns = table(SilenceRow).columns
    row = (await session.execute(select(*columns).where(columns.silence_id == silence_id))).mappings()
    return next(iter(rows.valid(row, _silence, SilenceRow.__tablename__)), None)


async def add(session: AsyncSession, silence: Silence) -> None:
    await upsert(session, SilenceRow, [asdict(silence)])


async def end(session: AsyncSession, silence_id: UUID, now: datetime) -> None:
    """All silenced alerts are judged anew after the end of a silence, because another silence may mute some of them.

    To prevent deadlocks, alerts are locked in the order of their ids, as in every transaction.
    """
    columns = table(SilenceRow).columns
    is_running = (columns.silence_id == silence_id) & (columns.ends_at > now)
    await session.execute(update(SilenceRow).where(is_running).values(ends_at=now))
    alerts = table(AlertRow).columns
    is_silenced = (alerts.escalates_at == alerts.silenced_until) & (alerts.escalates_at > now)
    silenced = await session.scalars(
        select(alerts.alert_id).where(is_silenced).order_by(alerts.alert_id).with_for_update()
    )
    changed = update(AlertRow).where(alerts.alert_id.in_(silenced.all()))
    await session.execute(changed.values({"escalates_at": now, "silenced_until": now}))
