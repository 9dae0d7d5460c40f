"""The search finds households by their place, site or short code."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.auth.tokens import Role
from shared.events.short_codes import is_valid
from shared.events.vocabulary import SubmissionChannel
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household, movement
from tests.registry.test_household_codes import by_code
from tests.registry.test_search import found, search, short_code
from tests.registry.test_search_renewal import changed, renewed

pytestmark = pytest.mark.anyio


async def test_the_code_that_the_phone_shows_finds_the_household(office: Office) -> None:
    body = household()
    await office.file(body)
    report_id: str = body["report_id"]
    assert await found(office, code=report_id[-4:].upper()) == [body["household_id"]]
    assert await found(office, code=report_id[-4:].lower()) == [body["household_id"]]


async def test_a_household_is_found_at_its_villages(office: Office) -> None:
    """The household's report names the village of origin. A movement names the present village."""
    body = household(origin_locality="Кара-Дөбө")
    await office.file(body)
    moved = movement(body, "transferred", destination={"pcode": BATKEN}, destination_locality="Чоко-Добо")
    await office.file(moved)
    for village in ("чоко добо", "кара добо"):
        assert await found(office, locality=village) == [body["household_id"]]


async def test_a_household_is_found_by_each_name_of_its_village(
    office: Office, import_gazetteer: Callable[[], None]
) -> None:
    body = household(origin_locality="Чоко-Дөбө")
    await office.file(body, household(origin_locality="Майдан"))
    import_gazetteer()
    assert await found(office, locality="choko dobo") == [body["household_id"]]


async def test_a_household_that_moved_is_found_and_read_where_it_is_now(office: Office) -> None:
    """The household moved from Leilek to Batken. Readers of Leilek can no longer read it."""
    body = household()
    await office.file(body)
    await office.file(movement(body, "transferred", destination={"pcode": BATKEN}))
    assert await found(office, area=BATKEN) == [body["household_id"]]
    assert await found(office, area=LEILEK) == []
    assert (await search(office, area=BATKEN)).json()["households"][0]["current_pcode"] == BATKEN
    path = f"/v1/households/{body['household_id']}"
    for reader, status in ((BATKEN, 200), (LEILEK, 404)):
        for opened in (path, f"{path}/history", f"{path}/duplicates", f"/households/{body['household_id']}"):
            assert (await office.get(opened, role=Role.REGISTRAR, areas=(reader,))).status_code == status, opened
        listed = (await office.get("/v1/households", role=Role.REGISTRAR, areas=(reader,))).json()["households"]
        assert len(listed) == (status == 200)
        assert len((await search(office, claims={"areas": (reader,)}, name="Асан")).json()["households"]) == len(listed)


@pytest.mark.parametrize(
    ("moved", "place"),
    [
        ({"movement": "returned"}, (KADAMJAI, None)),
        ({"movement": "left_country", "destination": {"country": "RU"}}, (None, "RU")),
        ({"movement": "confirmed_here"}, (LEILEK, None)),
        ({"movement": "transferred", "destination": {"pcode": BATKEN}, "persons": 2}, (LEILEK, None)),
        ({"movement": "transferred", "destination": {"pcode": BATKEN}, "persons": 4}, (BATKEN, None)),
    ],
)
async def test_most_of_a_household_are_at_its_place(
    office: Office, moved: dict[str, Any], place: tuple[str | None, str | None]
) -> None:
    body = household()
    await office.file(body)
    await office.file(movement(body, **moved))
    [shown] = (await search(office, name="Асан Токтогулов")).json()["households"]
    assert (shown["current_pcode"], shown["current_country"]) == place
    assert (shown["destination_pcode"], shown["destination_country"]) == (LEILEK, None)


async def test_a_household_abroad_is_read_in_its_origin_and_is_in_no_area_now(office: Office) -> None:
    body = household()
    await office.file(body)
    await office.file(movement(body, "left_country", destination={"country": "RU"}))
    assert await found(office, area=KADAMJAI) == await found(office, area=LEILEK) == []
    for areas, count in (((KADAMJAI,), 1), ((LEILEK,), 0)):
        assert len((await search(office, claims={"areas": areas}, name="Асан")).json()["households"]) == count


async def test_a_row_of_the_previous_release_gets_its_place_with_its_search_keys(office: Office) -> None:
    body = household()
    await office.file(body)
    await office.file(movement(body, "transferred", destination={"pcode": BATKEN}))
    await changed(office, "UPDATE households SET current_pcode = NULL, search_folding = 1")
    assert await found(office, area=LEILEK) == [body["household_id"]]
    assert await renewed(office) == 1
    assert await found(office, area=BATKEN) == [body["household_id"]]


async def site(office: Office, **described: Any) -> str:
    site_id, school = str(uuid4()), {"version": 1, "type": "school", "pcode": BATKEN, **described}
    answer = await office.put(f"/v1/sites/{site_id}", school, role=Role.REGISTRAR)
    assert answer.status_code == 200, answer.text
    return site_id


async def test_a_reversed_movement_leads_to_no_village(office: Office) -> None:
    body = household()
    moved = movement(body, "transferred", destination={"pcode": BATKEN}, destination_locality="Чоко-Добо")
    await office.file(body)
    await office.file(moved)
    await office.file({**moved, "version": 2, "is_reversed": True})
    assert await found(office, locality="Чоко-Добо") == []
    assert await found(office, code=moved["report_id"][-4:]) == await found(office, area=LEILEK) != []


async def test_a_report_that_waits_is_found_by_its_code(office: Office) -> None:
    """Another team's correction is held. The other team calls, and states the code in its own report."""
    body = household()
    await office.file(body)
    other = {**body, "report_id": str(uuid4()), "phone": "+996 700 445566"}
    await office.file(other, author=uuid4(), team=uuid4())
    assert await found(office, code=other["report_id"][-4:]) == [body["household_id"]]
    assert await found(office, phone="0700445566") == []
    assert (await search(office, claims={"areas": (OSH,)}, code=other["report_id"][-4:])).json()["households"] == []


async def test_a_household_from_the_desk_or_a_list_gets_a_short_code_and_keeps_it(office: Office) -> None:
    desk, listed, phone = household(), household(), household()
    await office.file(desk, channel=SubmissionChannel.CONSOLE)
    await office.file(listed, channel=SubmissionChannel.IMPORT)
    await office.file(phone)
    codes = [await short_code(office, body) for body in (desk, listed, phone)]
    assert is_valid(codes[0] or "") and is_valid(codes[1] or "") and codes[0] != codes[1] and codes[2] is None
    await office.file({**desk, "version": 2, "needs": ["food"]}, channel=SubmissionChannel.CONSOLE)
    assert await short_code(office, desk) == codes[0]
    assert await found(office, short_code=codes[0]) == [desk["household_id"]]
    await office.file(by_code(str(codes[1])), author=uuid4(), team=uuid4())
    moved = await office.get(f"/v1/households/{listed['household_id']}/history", role=Role.REGISTRAR)
    assert [version["outcome"] for version in moved.json()["versions"]] == ["recorded", "recorded"]
    async with office.app.state.sessions.begin() as session:
        for table in ("reports", "households", "household_keys", "search_keys", "outbox"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert not any(str(code) in str(rows) for code in codes[:2])


async def test_a_registrar_draws_a_short_code_for_an_older_household_once(office: Office) -> None:
    body = household()
    await office.file(body)
    path = f"/v1/households/{body['household_id']}/short-code"
    for role in (Role.OPERATOR, Role.DUTY_HEAD, Role.FIELD):
        assert (await office.post(path, role=role)).status_code == 403
    assert (await office.post(path, role=Role.REGISTRAR, areas=(OSH,))).status_code == 404
    drawn = [(await office.post(path, role=Role.REGISTRAR)).json()["short_code"] for _ in range(2)]
    assert drawn[0] == drawn[1] == await short_code(office, body)
    async with office.app.state.sessions.begin() as session:
        logged = await session.execute(text("SELECT objects FROM audit WHERE action = 'short_code_drawn'"))
        assert [list(map(str, objects)) for (objects,) in logged if str(objects[0]) == body["household_id"]] == [
            [body["household_id"]]
        ]
    assert await found(office, short_code=drawn[0]) == [body["household_id"]]
    await office.file({**body, "version": 2, "needs": ["food"]})
    assert await short_code(office, body) == drawn[0]
    assert await found(office, short_code=drawn[0]) == [body["household_id"]]


async def test_a_report_that_waits_for_its_household_is_found_by_its_code(office: Office) -> None:
    """Only readers of the areas in the report find it."""
    body = household()
    moved = movement(body, "transferred", destination={"pcode": BATKEN})
    await office.file(moved)
    for areas, count in (((BATKEN,), 1), ((OSH,), 0)):
        answer = (await search(office, claims={"areas": areas}, code=moved["report_id"][-4:])).json()
        assert (answer["households"], len(answer["held"])) == ([], count)


async def test_only_the_site_is_meant_and_not_another_of_the_same_name(office: Office) -> None:
    """A typed name means a site in its own district only, and only if no second site of this name is there."""
    here, there, twice = household(), household(), household()
    school = await site(office, name_ru="Школа № 1")
    await office.file(here, there, twice)
    await office.file(
        movement(here, "transferred", destination={"pcode": BATKEN}, destination_locality="школа №1"),
        movement(there, "transferred", destination={"pcode": OSH}, destination_locality="Школа № 1"),
    )
    assert await found(office, site_id=school) == [here["household_id"]]


async def test_a_household_is_found_at_its_site(office: Office) -> None:
    """The movement names the site by its id, or in words."""
    by_id, in_words, elsewhere = household(), household(), household()
    school = await site(office, name_ru="Школа 3", name_ky="3-мектеп")
    await office.file(by_id, in_words, elsewhere)
    there: dict[str, Any] = {"destination": {"pcode": BATKEN}}
    await office.file(
        movement(by_id, "transferred", destination_site_id=school, **there),
        movement(in_words, "transferred", destination_locality="школа 3", **there),
        movement(elsewhere, "transferred", destination_locality="школа 5", **there),
    )
    wanted = {by_id["household_id"], in_words["household_id"]}
    assert set(await found(office, site_id=school)) == wanted


async def test_the_page_of_a_hazard_counts_its_households_and_leads_to_them(office: Office) -> None:
    """All readers of the area see the number of households.

    Only readers of households get the link to the households.
    """
    hazard_id = str(uuid4())
    named = {"hazard_id": hazard_id, "hazard_type": "mudflow"}
    here, returned, elsewhere, other = household(**named), household(**named), household(**named), household()
    await office.file(here, returned, elsewhere, other, household(**named, status="Exercise"))
    await office.file(
        movement(elsewhere, "transferred", destination={"pcode": OSH}),
        movement(returned, "returned"),
    )
    assert await found(office, hazard_id=hazard_id, area=LEILEK) == [here["household_id"]]
    assert len(await found(office, hazard_id=hazard_id)) == 3
    path, link = f"/hazards/{hazard_id}/households?lang=en", f"/registry/search?hazard={hazard_id}"
    for role, area, households, still in ((Role.OPERATOR, "KG", 3, 2), (Role.VIEWER, OSH, 1, 1)):
        part = (await office.get(path, role=role, areas=(area,))).text
        assert f'<span class="count">{households}</span>' in part and f"still displaced: {still}" in part
        assert (link in part) is (role is Role.OPERATOR)
    assert (await office.get(path, role=Role.ANALYST, areas=(BATKEN,))).text.strip() == ""


async def test_an_unknown_site_is_not_found(office: Office) -> None:
    assert (await search(office, site_id=str(uuid4()))).status_code == 404
