"""A count may name its site in words.

A count with a site in words belongs to the site, even if the site is listed later or at the same time.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.held.earlier import publish_some
from services.registry.sites import queries as site_queries
from services.registry.sites.changes import SiteStore
from services.registry.sites.sites import SiteVersion
from shared.auth.tokens import Role
from shared.events.vocabulary import Status
from tests.registry.conftest import AUTHOR, TEAM, Office
from tests.registry.factories import BATKEN, KADAMJAI, Desk, movement
from tests.registry.test_headcounts import counted
from tests.registry.test_place_decisions import answer, in_effect
from tests.registry.test_site_imports import imported
from tests.registry.test_sites import SCHOOL, listed, occupancy, rows, saved
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

IN_WORDS = {"destination_locality": "школа №5"}
WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


async def published(office: Office) -> None:
    while await publish_some(office.app.state.sessions, office.registrar):
        pass


def filing(office: Office, session: AsyncSession, persons: int) -> Any:
    received = Desk(office.installation.secrets / "seal").received(
        counted(0, persons, **IN_WORDS), author=AUTHOR, team=TEAM
    )
    return office.registrar.file_reports([received], session)


async def listing(office: Office, session: AsyncSession, site_id: Any) -> None:
    state = office.app.state
    await site_queries.lock(session)
    store = SiteStore(session, state.encryption, state.places, Status.ACTUAL, uuid4(), datetime.now(UTC))
    await store.save(site_id, SiteVersion.model_validate(SCHOOL))


async def test_a_count_that_is_filed_while_its_site_is_listed_belongs_to_the_site(office: Office) -> None:
    """The worker reads the list of sites, and the desk then adds the site. The worker commits while the desk waits."""
    site_id, sessions = uuid4(), office.app.state.sessions
    async with sessions() as worker, sessions() as desk, sessions() as observer, asyncio.TaskGroup() as tasks:
        await filing(office, worker, 70)
        later = tasks.create_task(listing(office, desk, site_id))
        await wait_for(lambda: observer.scalar(WAITING))
        await worker.commit()
        await later
        await desk.commit()
    await published(office)
    assert (await occupancy(office, site_id))["highest"] == 70


async def test_a_count_that_comes_while_its_site_is_listed_belongs_to_the_site(office: Office) -> None:
    """The desk looks for counts, and the worker then stores a count. The desk commits while the worker waits."""
    site_id, sessions = uuid4(), office.app.state.sessions
    async with sessions() as worker, sessions() as desk, sessions() as observer, asyncio.TaskGroup() as tasks:
        await listing(office, desk, site_id)
        later = tasks.create_task(filing(office, worker, 70))
        await wait_for(lambda: observer.scalar(WAITING))
        await desk.commit()
        await later
        await worker.commit()
    assert (await occupancy(office, site_id))["highest"] == 70


async def test_a_site_can_be_renamed_while_the_counts_of_its_former_name_are_computed_again(office: Office) -> None:
    """The worker takes groups from the list of groups to compute, while the desk adds the same groups again."""
    await office.file(counted(0, 70, **IN_WORDS))
    site_id = await saved(office)
    renamed = {**SCHOOL, "name_ky": "Гимназия", "name_ru": None, "version": 2}
    put, computed = await asyncio.gather(
        office.put(f"/v1/sites/{site_id}", renamed, role=Role.OPERATOR),
        publish_some(office.app.state.sessions, office.registrar),
    )
    assert (put.status_code, computed) == (200, 1)
    await published(office)
    assert await occupancy(office, site_id) is None


async def test_a_name_that_a_person_joined_to_the_name_of_a_later_site_means_the_site(office: Office) -> None:
    """A person decides that two names of a mosque mean one place.

    Then the desk lists the mosque, under one of the two names.
    """
    await office.file(counted(0, 100, destination_locality="Мечит Тобей"))
    await office.file(counted(5, 110, destination_locality="Мечит Тобой"))
    await answer(office, "same")
    assert await in_effect(office) == [110]
    site_id = await saved(office, name_ky="Мечит Тобой", name_ru=None)
    await published(office)
    assert await in_effect(office) == [110]
    assert (await occupancy(office, site_id))["highest"] == 110
    await office.file(counted(6, 120, destination_locality="Мечит Тобей"))
    assert await in_effect(office) == [120]
    await saved(office, site_id, name_ky="Клуб", name_ru=None, version=2)
    await published(office)
    assert await in_effect(office) == [120]
    assert await occupancy(office, site_id) is None


async def test_people_of_a_group_who_moved_to_a_site_in_words_are_there_when_it_is_listed(office: Office) -> None:
    group = counted(0, 70, destination_locality="Мечит")
    at = {"occurred_at": "2022-05-06T06:00:00Z", "reported_at": "2022-05-06T07:00:00Z", "persons": 30}
    await office.file(group, movement(group, "transferred", destination={"pcode": BATKEN}, **at, **IN_WORDS))
    site_id = await saved(office)
    await published(office)
    assert (await occupancy(office, site_id))["highest"] == 30


async def test_counts_in_words_belong_to_the_sites_of_an_imported_sheet(office: Office) -> None:
    here = {"destination": {"pcode": KADAMJAI}}
    await office.file(
        *(counted(0, 10 + number, destination_locality=f"Школа {number}", **here) for number in range(3)),
        counted(0, 5, destination_locality="Школа 1", destination={"pcode": BATKEN}),
    )
    sheet = "name_ru,type,pcode\n" + "".join(f"школа  {number},school,{KADAMJAI}\n" for number in range(1, 3))
    await imported(office, sheet, dry_run=True)
    assert await rows(office, "SELECT 1 FROM unpublished_held_people") == []
    await imported(office, sheet)
    assert await rows(office, "SELECT count(*) FROM unpublished_held_people") == [(2,)]
    await published(office)
    people = {site["name_ru"]: (await occupancy(office, site["site_id"]))["highest"] for site in await listed(office)}
    assert people == {"школа  1": 11, "школа  2": 12}


async def test_people_whom_a_movement_of_everybody_led_to_a_site_in_words_stay_there_after_later_counts(
    office: Office,
) -> None:
    """Everybody at the site moves to another district.

    A later count at the former site makes the registry compute the movement again.
    """
    school, camp = await saved(office), await saved(office, name_ky=None, name_ru="Лагерь", pcode=KADAMJAI)
    await office.file(counted(0, 70, site_id=str(school)))
    at = {"occurred_at": "2022-05-06T06:00:00Z", "reported_at": "2022-05-06T07:00:00Z"}
    to = {"destination": {"pcode": KADAMJAI}, "destination_locality": "лагерь"}
    await office.file(movement({"kind": "site", "site_id": str(school)}, "transferred", **at, **to))
    assert (await occupancy(office, camp))["highest"] == 70
    await office.file(counted(1, 5, site_id=str(school), origin_locality="Тобей"))
    assert (await occupancy(office, camp))["highest"] == 75


async def test_people_whom_a_movement_of_everybody_led_to_a_later_site_are_there(office: Office) -> None:
    school = await saved(office)
    await office.file(counted(0, 70, site_id=str(school)))
    at = {"occurred_at": "2022-05-06T06:00:00Z", "reported_at": "2022-05-06T07:00:00Z"}
    to = {"destination": {"pcode": KADAMJAI}, "destination_locality": "лагерь"}
    await office.file(movement({"kind": "site", "site_id": str(school)}, "transferred", **at, **to))
    camp = await saved(office, name_ky=None, name_ru="Лагерь", pcode=KADAMJAI)
    await published(office)
    assert (await occupancy(office, camp))["highest"] == 70
