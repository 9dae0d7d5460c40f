"""Advisory locks, each on a rule and an area."""

# raw SQL throughout: these statements run for every batch of hazards and households and must be fast

from binascii import crc32
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from shared.postgres import database


async def lock(session: AsyncSession, rules_and_areas: Iterable[tuple[str, str]]) -> None:
    """Every transaction takes the locks in the same order.

    Take these locks first in a transaction that counts households or adds households to an alert. Without these locks,
    two concurrent workers would not see each other's households.
    """
    keys = sorted({(signed(rule), signed(area)) for rule, area in rules_and_areas})
    if keys:
        connection = await database.driver(session)
        await connection.execute(
            "SELECT pg_advisory_xact_lock(rule, area) FROM unnest($1::int[], $2::int[]) AS key (rule, area)",
            *map(list, zip(*keys, strict=True)),
        )


def signed(text: str) -> int:
    return crc32(text.encode()) - 2**31
