"""A count states two facts: when somebody last saw its people, and whether their return is presumed.

Pages show both facts.
"""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.counts.renewal import recount_old
from services.registry.groups.timelines import GroupCourse
from services.registry.models import GroupCount
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from shared.places import Places
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, NOON, household, movement
from tests.registry.test_group_movements import EVENING, counted, moved
from tests.registry.test_record_pages import opened, table
from tests.registry.test_site_movements import SCHOOL
from tests.registry.test_site_movements import moved as site_moved

pytestmark = pytest.mark.anyio

REGISTRAR: dict[str, Any] = {"flags": (Flag.REGISTRAR_OF_COUNTRY,)}


async def newest(file: Filing, body: dict[str, Any]) -> dict[str, Any]:
    events = [event for event in await file.events("groups") if event["report_id"] == body["report_id"]]
    whereabouts: dict[str, Any] = events[-1].get("whereabouts", {})
    return whereabouts


async def test_a_lifted_evacuation_makes_the_return_of_a_group_presumed_until_somebody_confirms(file: Filing) -> None:
    body = counted(0, 70, mobility="evacuation")
    await file(body)
    assert await newest(file, body) == {}
    assert await file(moved(body, "evacuation_lifted", 30)) == ["recorded"]
    lifted = await newest(file, body)
    assert (lifted["displaced"], lifted["confirmed_on"], lifted["is_return_presumed"]) == (70, "2022-05-05", True)
    await file(moved(body, "confirmed_here", 60))
    confirmed = await newest(file, body)
    assert (confirmed["displaced"], confirmed["confirmed_on"]) == (70, "2022-05-08")
    assert not confirmed.get("is_return_presumed")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_order_of_arrival_gives_the_same_confirmations(file: Filing, seed: int) -> None:
    body = counted(0, 70, mobility="evacuation")
    confirmed, lifted = moved(body, "confirmed_here", 20), moved(body, "evacuation_lifted", 40)
    bodies = [body, confirmed, lifted, moved(body, "returned", 50, persons=30)]
    wrong = moved(body, "confirmed_here", 60)
    bodies += [wrong, {**wrong, "version": 2, "is_reversed": True}]
    Random(seed).shuffle(bodies)
    for each in bodies:
        await file(each)
    [row] = [row for row in await file.rows("counts") if row["movement_id"] is None]
    assert (row["displaced"], row["is_return_presumed"]) == (40, True)
    assert row["confirmed_at"] == EVENING + timedelta(hours=50)


async def test_a_lifted_evacuation_of_a_site_concerns_the_groups_there(file: Filing) -> None:
    body = counted(0, 70, mobility="evacuation", site_id=SCHOOL, destination_locality=None)
    away = counted(0, 9, mobility="evacuation")
    await file(body, away)
    await file(site_moved(SCHOOL, "evacuation_lifted", 1), **REGISTRAR)
    assert (await newest(file, body))["is_return_presumed"] is True
    assert await newest(file, away) == {}
    again = counted(24 * 365 * 5, 66, mobility="evacuation", site_id=SCHOOL, destination_locality=None)
    await file(again)
    assert await newest(file, again) == {}


async def test_the_page_of_a_group_says_since_when_nobody_has_confirmed_it(office: Office) -> None:
    body = counted(0, 70, mobility="evacuation")
    await office.file(body, moved(body, "evacuation_lifted", 30))
    page = await opened(office, f"/groups/{body['group_id']}", areas=(BATKEN,))
    [[_, whereabouts, *_]] = table(page, "counted")
    assert "not confirmed since 5 May 2022" in whereabouts and "return presumed" in whereabouts
    now = datetime.now(UTC)
    hours = (now - EVENING).total_seconds() / 3600
    await office.file(moved(body, "confirmed_here", hours))
    page = await opened(office, f"/groups/{body['group_id']}", areas=(BATKEN,))
    assert "not confirmed since" not in page and "return presumed" not in page


def test_a_count_that_an_earlier_release_stored_was_confirmed_when_it_was_made() -> None:
    stored: dict[str, Any] = {"sub_stock": None, "mobility": "displacement", "measure": "stock", "persons": 70}
    count = GroupCount(report_id=UUID(int=1), counted_at=EVENING, reported_at=EVENING, **stored)
    course = GroupCourse(UUID(int=2), [count], [count])
    assert course.unconfirmed_since(count, EVENING + timedelta(days=29)) is None
    assert course.unconfirmed_since(count, EVENING + timedelta(days=31)) == EVENING
    assert not course.is_return_presumed(count)


async def test_the_page_of_a_household_and_the_search_say_that_a_return_is_presumed(office: Office) -> None:
    body = household(mobility="evacuation")
    at = (NOON + timedelta(days=3)).isoformat()
    lifted = movement(body, "evacuation_lifted", occurred_at=at, reported_at=at)
    token = office.installation.token(roles=[Role.REGISTRAR], areas=("KG",))

    async def shown() -> tuple[int, int]:
        page = await opened(office, f"/households/{body['household_id']}")
        found = await office.client.post(
            "/search?lang=en", json={"name": "Асан Токтогулов"}, headers={"authorization": f"Bearer {token}"}
        )
        return page.count("return presumed"), found.text.count("return presumed")

    await office.file(body)
    assert await shown() == (0, 0)
    await office.file(lifted)
    assert await shown() == (2, 1)  # in the page's head, and in the row of the people
    [listed] = (await office.get("/v1/households", role=Role.OPERATOR)).json()["households"]
    assert listed["is_return_presumed"] is True
    await office.file(movement(body, "returned", occurred_at=(NOON + timedelta(days=4)).isoformat()))
    assert await shown() == (0, 0)


@pytest.mark.parametrize("is_site", [False, True])
async def test_a_worker_of_this_release_notes_the_lifted_evacuations_of_earlier_releases(
    office: Office, *, is_site: bool
) -> None:
    """The test changes the stored row: the previous release ignored reports of a lifted evacuation."""
    body = counted(0, 70, mobility="evacuation", site_id=SCHOOL, destination_locality=None)
    await office.file(body)
    async with office.app.state.sessions() as session:
        fingerprint = await session.scalar(text("SELECT fingerprint FROM counts"))
    lifted = site_moved(SCHOOL, "evacuation_lifted", 1) if is_site else moved(body, "evacuation_lifted", 30)
    await office.file(lifted, **REGISTRAR)
    stored = "UPDATE counts SET fingerprint = :fingerprint, confirmed_at = NULL, is_return_presumed = NULL"
    async with office.app.state.sessions.begin() as session:
        await session.execute(text(stored), {"fingerprint": fingerprint})
        await session.execute(text("DELETE FROM count_renewals"))
    await recount_old(office.app.state.sessions, office.registrar, Places.load())
    async with office.app.state.sessions() as session:
        assert await session.scalar(text("SELECT is_return_presumed FROM counts")) is True
