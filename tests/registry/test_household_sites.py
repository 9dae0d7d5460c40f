"""Keys find the households at a site, even after a rotation of keys.

The keys also find households that an earlier release stored.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.search.keys import SearchKeys
from services.registry.search.renewal import SearchRenewal, made_by
from services.registry.sites.key_renewal import SiteKeyRenewal
from services.registry.sites.movements import apply_some
from shared.crypto import keyring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.vocabulary import Flag
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, household, movement
from tests.registry.test_site_movements import CAMP, SCHOOL, moved

pytestmark = pytest.mark.anyio

# Turn the stored rows into rows of the previous release of Dayar.
IN_CLEAR = (
    "INSERT INTO household_sites SELECT CAST(:site_id AS uuid), household_id FROM households",
    "DELETE FROM household_site_keys",
    "UPDATE households SET site_root_id = ''",
)
# Turn the stored rows into rows of a release without a table of the households at a site.
UNLISTED = IN_CLEAR[1:]


async def change(office: Office, statements: Sequence[str]) -> None:
    async with office.app.state.sessions.begin() as session:
        for statement in statements:
            await session.execute(text(statement), {"site_id": SCHOOL} if ":site_id" in statement else {})


async def select(office: Office, statement: str) -> list[Any]:
    async with office.app.state.sessions() as session:
        return [tuple(row) for row in await session.execute(text(statement))]


async def returned(office: Office, site_id: str = SCHOOL) -> int:
    await office.file(moved(site_id, "returned"), flags=(Flag.REGISTRAR_OF_COUNTRY,))
    return await persons_returned(office)


async def persons_returned(office: Office) -> int:
    [[persons]] = await select(office, "SELECT coalesce(sum(persons), 0) FROM stays WHERE sub_stock = 'in_return'")
    return int(persons)


async def renewed(office: Office) -> int:
    settings = office.installation.settings(RegistrySettings)
    search, encryption = SearchKeys(settings.search_root_file), EnvelopeEncryption(settings.registry_kek_file)
    sessions, places = office.app.state.sessions, Places.load()
    await SearchRenewal(sessions, encryption, search, places).run()
    return await SiteKeyRenewal(sessions, encryption, search, places).run()


async def test_the_database_does_not_say_where_a_household_is(office: Office) -> None:
    await office.file(household(site_id=SCHOOL), household(site_id=CAMP))
    keys = [key for [key] in await select(office, "SELECT site_key FROM household_site_keys")]
    assert len(set(keys)) == 2
    assert not {UUID(SCHOOL).bytes, UUID(CAMP).bytes} & {*keys}
    assert await select(office, "SELECT * FROM household_sites") == []


async def test_a_household_that_the_previous_release_stored_moves_with_its_site(office: Office) -> None:
    await office.file(household(site_id=SCHOOL))
    await change(office, IN_CLEAR)
    assert await returned(office) == 5


async def test_the_worker_replaces_the_sites_that_the_previous_release_wrote_in_clear(office: Office) -> None:
    await office.file(household(site_id=SCHOOL), household(site_id=SCHOOL))
    await change(office, IN_CLEAR)
    assert await renewed(office) == 2
    assert await select(office, "SELECT * FROM household_sites") == []
    assert await returned(office) == 10
    assert await renewed(office) == 0


async def test_households_that_no_release_listed_are_found_after_the_renewal(office: Office) -> None:
    came = household()
    await office.file(came)
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": SCHOOL, "occurred_at": came["occurred_at"]}
    await office.file(movement(came, "transferred", **place))
    await change(office, UNLISTED)
    assert await renewed(office) == 1
    assert await returned(office) == 5


async def test_movements_of_before_reach_households_that_no_release_listed(office: Office) -> None:
    came = household()
    await office.file(came)
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": SCHOOL, "occurred_at": came["occurred_at"]}
    await office.file(movement(came, "transferred", **place))
    await change(office, UNLISTED)
    assert await returned(office) == 0
    assert await renewed(office) == 1
    while await apply_some(office.app.state.sessions, office.registrar):
        pass
    assert await persons_returned(office) == 5


async def test_after_a_rotation_households_are_found_before_and_after_their_keys_are_renewed(office: Office) -> None:
    settings = office.installation.settings(RegistrySettings)
    await office.file(household(site_id=SCHOOL), household(site_id=CAMP))
    old = max(keyring.known(settings.search_root_file))
    keyring.draw(settings.search_root_file)
    office.registrar._search = SearchKeys(settings.search_root_file)
    assert await returned(office) == 5
    assert await uses(office, old) == 1
    await change(office, ("UPDATE households SET search_root_id = (SELECT max(search_root_id) FROM households)",))
    assert await uses(office, old) == 1  # the key of the site is still of the old search root
    assert await renewed(office) == 1
    assert await uses(office, old) == 0
    assert await returned(office, CAMP) == 10


async def uses(office: Office, root_id: str) -> int:
    async with office.app.state.sessions() as session:
        return await made_by(session, root_id)
