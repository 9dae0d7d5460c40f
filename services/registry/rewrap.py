"""Rewraps the keys of households, groups and sites with the newest key-encryption key.

The sealed data stays as it is.
"""

from sqlalchemy import Table, bindparam, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.models import GroupKey, HouseholdKey, SiteKey, SiteReportKey
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.messaging.models import LetterOpening
from shared.postgres.models import table

ROWS_AT_ONCE = 1_000
KEYS = (table(HouseholdKey), table(GroupKey), table(SiteKey), table(SiteReportKey), table(LetterOpening))


async def rewrap(sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption) -> int:
    """Returns the number of keys."""
    count = 0
    for keys in KEYS:
        while some := await _rewrap_some(sessions, encryption, keys):
            count += some
    return count


async def wrapped_by(session: AsyncSession, kek_id: str) -> int:
    """The key-encryption key can be destroyed if no key is left."""
    counts = [select(func.count()).select_from(keys).where(keys.c.kek_id == kek_id).scalar_subquery() for keys in KEYS]
    return await session.scalar(select(sum(counts, start=literal(0)))) or 0


async def _rewrap_some(sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, keys: Table) -> int:
    [subject_id] = keys.primary_key
    old = (
        select(subject_id, keys.c.kek_id, keys.c.wrapped)
        .where(keys.c.kek_id.in_(encryption.older_ids))
        .limit(ROWS_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    new = update(keys).where(subject_id == bindparam("id"))
    async with sessions.begin() as session:
        rows = (await session.execute(old)).all()
        rewrapped = [(id, *encryption.rewrap(kek_id, wrapped)) for id, kek_id, wrapped in rows]
        if rows:
            values = [{"id": id, "kek_id": kek_id, "wrapped": wrapped} for id, kek_id, wrapped in rewrapped]
            await session.execute(new, values)
        return len(rows)
