"""The stored notices for administrators and auditors."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Notice
from services.console.notices import NoticeKind

SHOWN = timedelta(days=30)
FRESH = timedelta(hours=24)


async def add(
    session: AsyncSession,
    kind: NoticeKind,
    now: datetime,
    *,
    account: str | None = None,
    address: str | None = None,
    **figures: Any,
) -> None:
    session.add(Notice(kind=kind, account=account, address=address, figures=figures, raised_at=now))


async def latest(session: AsyncSession, kinds: Collection[NoticeKind], now: datetime) -> Sequence[Notice]:
    wanted = select(Notice).where(Notice.kind.in_(kinds), Notice.raised_at > now - SHOWN)
    return (await session.scalars(wanted.order_by(Notice.raised_at.desc()).limit(200))).all()


async def fresh(session: AsyncSession, kinds: Collection[NoticeKind], now: datetime) -> dict[str, int]:
    wanted = select(Notice.kind, func.count()).where(Notice.kind.in_(kinds), Notice.raised_at > now - FRESH)
    return dict((await session.execute(wanted.group_by(Notice.kind))).tuples().all())
