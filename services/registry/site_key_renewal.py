"""Makes the keys of the sites of households that have no such keys, or keys of an older root, in small batches."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.models import Household, HouseholdSite, HouseholdSiteKey, UnjudgedHousehold
from services.registry.search_keys import SearchKeys
from services.registry.storage import Store
from services.registry.subjects import Subject
from shared.events.vocabulary import ReportKind
from shared.places import Places
from shared.postgres import database

HOUSEHOLDS_AT_ONCE = 200
IS_LISTED = exists().where(HouseholdSite.household_id == Household.household_id)
NEVER_LISTED = select(Household.household_id).where(Household.site_root_id == "", ~IS_LISTED)


async def renew(
    sessions: async_sessionmaker[AsyncSession], encryption: EnvelopeEncryption, search: SearchKeys, places: Places
) -> int:
    """Make all keys of sites with the newest root. Return the number of households whose keys were made.

    Each batch is a transaction of its own, so an interrupted renewal continues where it stopped.
    """
    count = 0
    while True:
        async with sessions.begin() as session:
            some = await _renew_some(session, Store(session, encryption, search, places), search)
        if not some:
            return count
        count += some


async def _renew_some(session: AsyncSession, store: Store, search: SearchKeys) -> int:
    root_id = search.newest.root_id
    await session.execute(database.advisory_lock("keys of sites"))  # workers would make the same keys twice
    is_old = Household.site_root_id < root_id
    old = (await session.scalars(select(Household.household_id).where(is_old).limit(HOUSEHOLDS_AT_ONCE))).all()
    if not old:
        return 0
    never_listed = set(await session.scalars(NEVER_LISTED.where(Household.household_id.in_(old))))
    working_set = await store.open_at({(ReportKind.HOUSEHOLD.value, str(id)) for id in old}, [])
    keys = search.of(root_id)
    made = [
        {"household_id": UUID(subject.name[1]), "site_key": keys.of_site(site_id)}
        for subject in working_set.subjects.values()
        if subject.name[0] == ReportKind.HOUSEHOLD
        for site_id in subject.site_ids
    ]
    for listed in (HouseholdSiteKey, HouseholdSite):
        await session.execute(delete(listed).where(listed.household_id.in_(old)))
    if made:
        await session.execute(insert(HouseholdSiteKey), made)
    await session.execute(update(Household).where(Household.household_id.in_(old)).values(site_root_id=root_id))
    await _note_earlier_movements(session, [working_set.subjects["household", str(id)] for id in never_listed])
    return len(old)


async def _note_earlier_movements(session: AsyncSession, households: Iterable[Subject]) -> None:
    """Note these households for the movements of their sites, which no list of households had reached."""
    notes = [
        {
            "household_id": UUID(subject.name[1]),
            "report_id": UUID(movement.report_id),
            "version": movement.clear.version,
            "movements": len(subject.site_movements),
        }
        for subject in households
        for movement in subject.site_movements
    ]
    if notes:
        await session.execute(insert(UnjudgedHousehold).on_conflict_do_nothing(), notes)
