"""Compares each new or changed household with other households in the background, and stores the exact duplicates.

The transaction of a report only adds the household to a list, because a comparison takes longer than a registration.
The worker takes a few households at a time from the list, and compares them within seconds.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import delete, or_, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry import queries
from services.registry.duplicates.duplicates import Duplicate, OpenedHousehold, duplicate
from services.registry.duplicates.queries import candidates
from services.registry.models import DuplicatePair
from services.registry.search.keys import SearchKeys
from services.registry.visibility import Visibility
from shared import log
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.failures import retry_while_unavailable
from shared.places import Places
from shared.postgres import database

HOUSEHOLDS_AT_ONCE = 20
IDLE_SECONDS = 2.0
PAUSE_SECONDS = 0.1  # pause between two transactions, because reports and alerts need the CPU
PAIR = DuplicatePair.household_id, DuplicatePair.other_id
EVERYWHERE = Visibility(None, [])
# raw SQL: SQLAlchemy cannot delete by `ctid`.
# The table has no key, because an index would cost time for each report.
TAKE = text("""
DELETE FROM uncompared_households WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM uncompared_households LIMIT :most FOR UPDATE SKIP LOCKED
)) RETURNING household_id
""")


async def keep_compared(
    sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, search: SearchKeys, places: Places
) -> None:
    while True:
        count = await retry_while_unavailable(lambda: compare_some(sessions, encryption, search, places))
        await asyncio.sleep(PAUSE_SECONDS if count else IDLE_SECONDS)


async def compare_some(
    sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, search: SearchKeys, places: Places
) -> int:
    async with sessions.begin() as session:
        # two workers must not store the same pair at the same time
        await session.execute(database.advisory_lock("comparisons"))
        ids = list(dict.fromkeys(await session.scalars(TAKE, {"most": HOUSEHOLDS_AT_ONCE})))
        is_of_these = or_(DuplicatePair.household_id.in_(ids), DuplicatePair.other_id.in_(ids))
        earlier: dict[tuple[UUID, UUID], datetime] = {}
        if ids:
            deleted = delete(DuplicatePair).where(is_of_these)
            rows = await session.execute(deleted.returning(*PAIR, DuplicatePair.found_at))
            earlier = {(household_id, other_id): found_at for household_id, other_id, found_at in rows}
        pairs: dict[tuple[UUID, UUID], DuplicatePair] = {}
        for household_id in ids:
            for pair in await pairs_with(session, encryption, search, places, household_id):
                # A corrected pair keeps the time at which the pair was first found. A new time would move the corrected
                # pair behind pairs that were found later.
                pair.found_at = earlier.get((pair.household_id, pair.other_id), pair.found_at)
                pairs[pair.household_id, pair.other_id] = pair
        session.add_all(pairs.values())
    return len(ids)


async def pairs_with(
    session: AsyncSession, encryption: EnvelopeEncryption, search: SearchKeys, places: Places, household_id: UUID
) -> list[DuplicatePair]:
    try:
        household = await queries.household(session, encryption, household_id, EVERYWHERE)
        if household is None:
            return []
        alike = await compared(session, encryption, search, places, household, EVERYWHERE)
    except InvalidTag:  # one damaged household must not stop the worker
        log.get().error("household not compared: it cannot be decrypted", household_id=str(household_id))
        return []
    return [pair_of(household, match) for match in alike.duplicates]


class Comparison(NamedTuple):
    """The strongest reason comes first. `is_complete` is false if not all candidates were compared."""

    duplicates: Sequence[Duplicate]
    is_complete: bool


async def compared(
    session: AsyncSession,
    encryption: EnvelopeEncryption,
    search: SearchKeys,
    places: Places,
    household: OpenedHousehold,
    visibility: Visibility,
) -> Comparison:
    ids, is_complete = await candidates(session, search, household, visibility)
    others = await queries.households(session, encryption, ids, visibility) if ids else []
    matches = [match for other in others if (match := duplicate(household, other, places))]
    return Comparison(sorted(matches, key=attrgetter("rank")), is_complete)


def pair_of(household: OpenedHousehold, match: Duplicate) -> DuplicatePair:
    """The smaller id comes first, so that both comparisons of two households make the same pair."""
    first, second = sorted((household["household_id"], match.household["household_id"]))
    return DuplicatePair(household_id=first, other_id=second, reasons=list(match.reasons), found_at=datetime.now(UTC))
