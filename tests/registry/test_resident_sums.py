"""The registry publishes the number of registered people at each site.

The published number must not reveal any household's site.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.search.keys import SearchKeys
from services.registry.sites.resident_sums import SummingResidents
from services.registry.sites.residents import PublishedResidents, Residents
from shared.events.vocabulary import Flag, Status
from tests.registry.conftest import Office
from tests.registry.factories import NOON, household, movement
from tests.registry.test_site_movements import moved, transferred
from tests.registry.test_sites import saved

pytestmark = pytest.mark.anyio

SITE = UUID(int=7)


def residents(number: int, persons: int = 4) -> list[Residents]:
    return [Residents(str(UUID(int=each)), NOON + timedelta(minutes=each), SITE, persons) for each in range(number)]


def test_only_whole_fives_of_households_are_published() -> None:
    assert PublishedResidents().sums(residents(4)) == {}
    assert PublishedResidents().sums(residents(9)) == {SITE: (20, 5)}


def test_fewer_than_five_changed_households_change_no_sum() -> None:
    published = PublishedResidents()
    published.sums(residents(8))
    assert published.sums(residents(12)) == {SITE: (20, 5)}
    assert published.sums(residents(13)) == {SITE: (40, 10)}
    assert published.sums(residents(9)) == {SITE: (40, 10)}
    assert published.sums([]) == {SITE: (0, 0)}


def summing(office: Office) -> SummingResidents:
    settings = office.installation.settings(RegistrySettings)
    return SummingResidents(office.app.state.sessions, SearchKeys(settings.search_root_file), Status.ACTUAL)


async def sum_residents(office: Office, task: SummingResidents | None = None) -> SummingResidents:
    task = task or summing(office)
    while not await task.step():
        pass
    return task


async def published(office: Office) -> list[dict[str, Any]]:
    events = text("SELECT convert_from(value, 'UTF8')::json FROM outbox WHERE topic = 'sites' ORDER BY id")
    async with office.app.state.sessions() as session:
        return [event for event in await session.scalars(events) if "sequence" in event]


def numbers(event: dict[str, Any]) -> tuple[str, int, int, int]:
    return event["site_id"], event["sequence"], event["persons"], event["households"]


async def test_registered_people_at_a_site_are_published_until_they_leave(office: Office) -> None:
    school, camp = str(await saved(office)), str(await saved(office, name_ru="Лагерь", name_ky="Лагерь"))
    families = [household(site_id=school) for _ in range(6)]
    elsewhere = [household(site_id=camp) for _ in range(4)]
    await office.file(*families, *elsewhere, household(), household(site_id=school, origin={"country": "ZZ"}))
    task = await sum_residents(office)
    assert list(map(numbers, await published(office))) == [(school, 1, 25, 5)]

    await office.file(*(movement(family, "returned") for family in families[:4]))
    await sum_residents(office, task)
    assert len(await published(office)) == 1
    await office.file(movement(families[4], "returned"), transferred(families[5], camp))
    await sum_residents(office, task)
    sums = {numbers(event) for event in (await published(office))[1:]}
    assert (school, 2, 0, 0) in sums


async def test_a_movement_of_everybody_at_a_site_is_published(office: Office) -> None:
    school = str(await saved(office))
    await office.file(*(household(site_id=school) for _ in range(5)))
    task = await sum_residents(office)
    await office.file(moved(school, "returned"), flags=(Flag.REGISTRAR_OF_COUNTRY,))
    await sum_residents(office, task)
    assert [(persons, households) for _, _, persons, households in map(numbers, await published(office))] == [
        (25, 5),
        (0, 0),
    ]


async def test_after_a_restart_nothing_is_published_twice(office: Office) -> None:
    school = str(await saved(office))
    await office.file(*(household(site_id=school) for _ in range(5)))
    await sum_residents(office)
    await sum_residents(office)
    assert len(await published(office)) == 1


async def test_exercises_abroad_and_sites_that_are_not_in_the_list_are_left_out(office: Office) -> None:
    school = str(await saved(office))
    for changed in (
        {"site_id": str(SITE)},
        {"site_id": school, "destination": {"country": "TJ"}},
        {"site_id": school, "mobility": "migration"},
        {"site_id": school, "status": "Exercise"},
    ):
        await office.file(*(household(**changed) for _ in range(5)))
    await sum_residents(office)
    assert await published(office) == []
