"""Makes the search keys of households that have none, or that have keys of an older root, in small batches."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.models import UNCOMPARED, Household, HouseholdSearchKeys
from services.registry.search_keys import SearchKeys
from services.registry.storage import Store
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

HOUSEHOLDS_AT_ONCE = 200


async def renew(
    sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, search: SearchKeys, places: Places
) -> int:
    """Make all search keys with the newest root. Return the number of households whose keys were made.

    Each batch has a separate transaction, so an interrupted renewal continues where it stopped.
    """
    count = 0
    while True:
        async with sessions.begin() as session:
            some = await _renew_some(session, Store(session, encryption, search, places), search)
        if not some:
            return count
        count += some


async def made_by(session: AsyncSession, root_id: str) -> int:
    """The number of households with search keys, or with keys of sites, of this root.

    If the number is 0, the root can be destroyed.
    """
    uses_root = or_(Household.search_root_id == root_id, Household.site_root_id == root_id)
    made = select(func.count()).select_from(Household).where(uses_root)
    return await session.scalar(made) or 0


async def _renew_some(session: AsyncSession, store: Store, search: SearchKeys) -> int:
    root_id = search.root_id
    await session.execute(database.advisory_lock("search keys"))  # otherwise two workers would make the same keys
    is_old = Household.search_root_id < root_id
    old = (await session.scalars(select(Household.household_id).where(is_old).limit(HOUSEHOLDS_AT_ONCE))).all()
    if not old:
        return 0
    working_set = await store.open_at({(ReportKind.HOUSEHOLD.value, str(id)) for id in old}, [])
    keys = search.of(root_id)
    made = [
        {"household_id": UUID(subject.name[1]), "keys": keys.of_reports(subject.reports)}
        for subject in working_set.subjects.values()
    ]
    await _replace(session, old, made)
    never_made = select(Household.household_id).where(Household.household_id.in_(old), Household.search_root_id == "")
    await session.execute(insert(UNCOMPARED).from_select(["household_id"], never_made))
    await session.execute(update(Household).where(Household.household_id.in_(old)).values(search_root_id=root_id))
    return len(old)


async def _replace(session: AsyncSession, old: Sequence[UUID], made: list[dict[str, object]]) -> None:
    await session.execute(delete(HouseholdSearchKeys).where(HouseholdSearchKeys.household_id.in_(old)))
    if made:
        await session.execute(insert(HouseholdSearchKeys), made)
