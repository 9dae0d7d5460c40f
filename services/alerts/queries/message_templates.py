"""Queries for message templates. The caller commits."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.message_templates.templates import KEY, MessageTemplate
from services.alerts.models import MessageTemplateRow
from services.alerts.queries import locks, rows
from shared.postgres.models import table
from shared.postgres.upsert import upsert

_template = TypeAdapter(MessageTemplate)


async def lock(session: AsyncSession) -> None:
    """Only one person at a time can save templates."""
    await locks.lock(session, {("message-templates", "")})


async def templates(session: AsyncSession) -> list[MessageTemplate]:
    columns = table(MessageTemplateRow).columns
    wanted = select(*columns).order_by(*(columns[name] for name in KEY))
    return rows.valid((await session.execute(wanted)).mappings(), _template, MessageTemplateRow.__tablename__)


async def replace(session: AsyncSession, hazard: str, severity: str, wanted: Sequence[MessageTemplate]) -> None:
    """`wanted` has all templates of the condition, also unchanged ones."""
    columns = table(MessageTemplateRow).columns
    is_of_both = (columns.hazard == hazard) & (columns.severity == severity)
    await session.execute(delete(MessageTemplateRow).where(is_of_both))
    await upsert(session, MessageTemplateRow, [asdict(template) for template in wanted])


async def mark_skipped(
    session: AsyncSession, skipped: Iterable[MessageTemplate], at: datetime
) -> list[MessageTemplate]:
    """Returns the newly marked templates.

    Does not mark a template whose text has changed since the failure.
    """
    columns = table(MessageTemplateRow).columns
    names = (*KEY, "text")
    by_key = {tuple(getattr(template, name) for name in names): template for template in skipped}
    is_unmarked = tuple_(*(columns[name] for name in names)).in_(list(by_key)) & columns.skipped_at.is_(None)
    marking = update(MessageTemplateRow).where(is_unmarked).values(skipped_at=at)
    marked = await session.execute(marking.returning(*(columns[name] for name in names)))
    return [by_key[tuple(row)] for row in marked]
