"""Rewrap the keys of households and groups with the newest key-encryption key. Sealed data does not change."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.envelope_encryption import EnvelopeEncryption
from shared.postgres import database

ROWS_AT_ONCE = 1_000
SUBJECTS = ("household", "group")
WRAPPED_BY = text("""
SELECT (SELECT count(*) FROM household_keys WHERE kek_id = :kek_id)
    + (SELECT count(*) FROM group_keys WHERE kek_id = :kek_id)
""")


async def rewrap(sessions: async_sessionmaker[AsyncSession], vault: EnvelopeEncryption) -> int:
    """Rewrap all keys that an older key-encryption key wraps. Return their number."""
    count = 0
    for subject in SUBJECTS:
        while some := await _rewrap_some(sessions, vault, subject):
            count += some
    return count


async def wrapped_by(session: AsyncSession, kek_id: str) -> int:
    """The number of keys that this key-encryption key wraps. At 0 this key can be destroyed."""
    return int(await session.scalar(WRAPPED_BY, {"kek_id": kek_id}) or 0)


async def _rewrap_some(sessions: async_sessionmaker[AsyncSession], vault: EnvelopeEncryption, subject: str) -> int:
    table, id = f"{subject}_keys", f"{subject}_id"
    old = f"SELECT {id}, kek_id, wrapped FROM {table} WHERE kek_id = ANY($1::text[]) LIMIT $2 FOR UPDATE SKIP LOCKED"  # noqa: S608
    new = f"""
    UPDATE {table} SET kek_id = new.kek_id, wrapped = new.wrapped
    FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS new ({id}, kek_id, wrapped) WHERE {table}.{id} = new.{id}
    """  # noqa: S608
    async with sessions.begin() as session:
        connection = await database.driver(session)
        rows = await connection.fetch(old, vault.older_ids, ROWS_AT_ONCE)
        if rows:
            values = [(row[id], *vault.rewrap(row["kek_id"], row["wrapped"])) for row in rows]
            await connection.execute(new, *zip(*values, strict=True))
        return len(rows)
