"""Tests the desk's list of sites: access, data of the person in charge, and numbers of people."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from shared.auth.tokens import Role
from tests import gazetteers
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, OSH
from tests.registry.test_headcounts import counted

pytestmark = pytest.mark.anyio

BATKEN_OBLAST, OSH_OBLAST = "KG05000000000", "KG06000000000"
HEAD = {"name": "Бурул Асанова", "phone": "+996 555 123456"}
SCHOOL: dict[str, Any] = {
    "version": 1,
    "name_ky": "№ 5 мектеп",
    "name_ru": "Школа № 5",
    "type": "school",
    "pcode": BATKEN,
    "locality": "Пульгон",
    "lat": 39.94,
    "lon": 71.62,
    "capacity": 250,
    "needs": ["beds", "water"],
    "person_in_charge": HEAD,
}


async def saved(office: Office, site_id: UUID | None = None, role: Role = Role.OPERATOR, **changed: Any) -> UUID:
    site_id = site_id or uuid4()
    answer = await office.put(f"/v1/sites/{site_id}", {**SCHOOL, **changed}, role=role)
    assert answer.status_code == 200, answer.text
    return site_id


async def listed(office: Office) -> list[dict[str, Any]]:
    sites: list[dict[str, Any]] = (await office.get("/v1/sites", role=Role.FIELD)).json()["sites"]
    return sites


async def rows(office: Office, query: str) -> list[Any]:
    async with office.app.state.sessions() as session:
        return list((await session.execute(text(query))).all())


async def occupancy(office: Office, site_id: UUID, **more: Any) -> Any:
    answer = await office.get("/v1/occupancies", role=Role.OPERATOR, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()["occupancies"].get(str(site_id), "not visible")


async def test_a_site_is_added_and_changed_and_every_change_is_published(office: Office) -> None:
    site_id = await saved(office)
    await saved(office, site_id, version=2, state="full", needs=["water", "latrines"])
    [site] = await listed(office)
    assert (site["site_id"], site["version"], site["state"], site["shelter"]) == (
        str(site_id),
        2,
        "full",
        "school",
    )
    assert (site["name_ky"], site["name_ru"], site["locality"]) == ("№ 5 мектеп", "Школа № 5", "Пульгон")
    events = [json.loads(value) for [value] in await rows(office, "SELECT value FROM outbox ORDER BY id")]
    assert [(event["version"], event["state"], event["needs"]) for event in events] == [
        (1, "open", ["water", "beds"]),
        (2, "full", ["water", "latrines"]),
    ]
    assert {(event["site_id"], event["status"], event["capacity"]) for event in events} == {
        (str(site_id), "Actual", 250)
    }
    assert await rows(office, "SELECT action FROM audit WHERE objects[1] = '" + str(site_id) + "'") == [
        ("site_changed",),
        ("site_changed",),
    ]


async def test_a_need_keeps_the_time_since_when_it_lasts(office: Office) -> None:
    site_id = await saved(office)
    before = (await listed(office))[0]["needs_since"]
    await saved(office, site_id, version=2, needs=["water", "heating"])
    after = (await listed(office))[0]["needs_since"]
    assert after["water"] == before["water"] and after["heating"] > before["water"]
    assert sorted(after) == ["heating", "water"]


async def test_of_two_changes_at_once_the_second_is_refused_and_shown_the_first(office: Office) -> None:
    site_id = await saved(office)
    changes = ({**SCHOOL, "version": 2, "capacity": capacity} for capacity in (300, 400))
    answers = await asyncio.gather(
        *(office.put(f"/v1/sites/{site_id}", change, role=Role.OPERATOR) for change in changes)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [refused] = [answer.json() for answer in answers if answer.status_code == 409]
    [site] = await listed(office)
    assert (refused["type"], refused["site"]) == ("urn:dayar:problem:changed-meanwhile", site)


async def test_a_repeated_request_changes_nothing(office: Office) -> None:
    site_id = await saved(office)
    await saved(office, site_id)
    assert [site["version"] for site in await listed(office)] == [1]
    assert len(await rows(office, "SELECT 1 FROM outbox")) == 1
    assert len(await rows(office, f"SELECT 1 FROM audit WHERE objects[1] = '{site_id}'")) == 1


async def test_a_new_site_begins_with_version_1(office: Office) -> None:
    answer = await office.put(f"/v1/sites/{uuid4()}", {**SCHOOL, "version": 7}, role=Role.OPERATOR)
    assert (answer.status_code, answer.json()["errors"]) == (
        422,
        [{"pointer": "/version", "expected": "1 for a new site"}],
    )
    assert await listed(office) == []


async def test_a_changed_name_makes_no_twin(office: Office) -> None:
    known, other = await saved(office), await saved(office, name_ky=None, name_ru="Школа № 6")
    renamed = {**SCHOOL, "version": 2, "name_ky": None, "name_ru": "школа №5"}
    answer = await office.put(f"/v1/sites/{other}", renamed, role=Role.OPERATOR)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:dayar:problem:site-known")
    assert answer.json()["site"]["site_id"] == str(known)
    await saved(office, known, version=2, name_ru="Гимназия № 5")


async def test_the_same_site_is_not_added_twice(office: Office) -> None:
    """Two sites are the same if they have a common name, and the same district and village.

    Capital letters and spaces make no difference.
    """
    known = await saved(office)
    twin = {**SCHOOL, "name_ky": None, "name_ru": "ШКОЛА №5", "locality": "пульгон"}
    answer = await office.put(f"/v1/sites/{uuid4()}", twin, role=Role.REGISTRAR)
    assert (answer.status_code, answer.json()["site"]["site_id"]) == (409, str(known))
    await saved(office, locality="Халмион")
    await saved(office, name_ky=None, name_ru="Школа № 6")


async def test_a_site_has_the_code_of_its_settlement(office: Office, import_gazetteer: Callable[[], None]) -> None:
    """A site may be stored before the gazetteer is imported. Every name of its settlement then finds such a site."""
    known = await saved(office, pcode=KADAMJAI, locality="Чоко-Добо")
    import_gazetteer()
    coded = {"locality": "Choko-Dobo", "locality_pcode": gazetteers.DOBO}
    for again in ({"locality": "чокодөбө"}, coded):
        body = {**SCHOOL, "pcode": KADAMJAI, **again}
        answer = await office.put(f"/v1/sites/{uuid4()}", body, role=Role.OPERATOR)
        assert (answer.status_code, answer.json()["site"]["site_id"]) == (409, str(known))
    await saved(office, known, pcode=KADAMJAI, version=2, locality="Чоко-Дөбө")
    [site] = await listed(office)
    assert (site["locality"], site["locality_pcode"]) == ("Чоко-Дөбө", gazetteers.DOBO)
    [(event,)] = await rows(
        office, "SELECT convert_from(value, 'UTF8')::json FROM outbox WHERE topic = 'sites' ORDER BY id DESC LIMIT 1"
    )
    assert event["locality_pcode"] == gazetteers.DOBO
    page = await office.get(f"/sites/{known}", role=Role.OPERATOR, accept="text/html", purpose="checking")
    assert "Чоко-Дөбө айылы, " in page.text


async def test_the_person_in_charge_is_encrypted_and_each_reading_is_logged(office: Office) -> None:
    site_id, reader = await saved(office), uuid4()
    path = f"/v1/sites/{site_id}/person-in-charge"
    for role in (Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR):
        answer = await office.get(path, role=role, account=reader, areas=(BATKEN_OBLAST,))
        assert answer.json() == HEAD
    assert [row["objects"] for row in await office.reads(reader)] == [[site_id]] * 3
    assert (await office.get(path, role=Role.OPERATOR, account=reader, areas=(OSH_OBLAST,))).status_code == 404
    assert await office.refusals(reader) == ["not-found"]
    for role in (Role.FIELD, Role.ANALYST, Role.ADMINISTRATOR, Role.INTEGRATION, Role.VIEWER):
        assert (await office.get(path, role=role)).status_code == 403
    stored = [
        *await rows(office, "SELECT * FROM sites"),
        *await rows(office, "SELECT convert_from(value, 'UTF8') FROM outbox"),
    ]
    seen = f"{stored} {await listed(office)}"
    assert "Школа № 5" in seen and not any(part in seen for part in ("Бурул", "Асанова", "123456"))


async def test_a_change_keeps_the_person_replaces_or_erases_the_person(office: Office) -> None:
    site_id = await saved(office)
    path = f"/v1/sites/{site_id}/person-in-charge"
    unmentioned = {name: value for name, value in SCHOOL.items() if name != "person_in_charge"}
    await office.put(f"/v1/sites/{site_id}", {**unmentioned, "version": 2, "capacity": 300}, role=Role.OPERATOR)
    assert (await office.get(path, role=Role.OPERATOR)).json() == HEAD
    [of_former] = await rows(office, "SELECT wrapped FROM site_keys")
    await saved(office, site_id, version=3, person_in_charge={"name": "Асан"})
    assert of_former not in await rows(office, "SELECT wrapped FROM site_keys")
    assert (await office.get(path, role=Role.OPERATOR)).json() == {"name": "Асан", "phone": None}
    await saved(office, site_id, version=4, person_in_charge=None)
    assert (await office.get(path, role=Role.OPERATOR)).status_code == 404
    assert await rows(office, "SELECT 1 FROM site_keys") == []


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"name_ky": None, "name_ru": None}, ""),
        ({"name_ky": ""}, "/name_ky"),
        ({"type": "castle"}, "/type"),
        ({"pcode": "KG99999999999"}, "/pcode"),
        ({"pcode": BATKEN_OBLAST}, "/pcode"),
        ({"name_ru": "\u200b"}, "/name_ru"),
        ({"name_ru": "\u202eabc"}, "/name_ru"),
        ({"name_ru": "—"}, "/name_ru"),
        ({"lon": None}, ""),
        ({"lat": 91}, "/lat"),
        ({"locality_pcode": "KG06255000010"}, "/locality_pcode"),
        ({"locality": None, "locality_pcode": "KG05214000010"}, ""),
        ({"capacity": -1}, "/capacity"),
        ({"needs": ["water"] * 7}, "/needs"),
        ({"name_ru": "x" * 151}, "/name_ru"),
        ({"person_in_charge": {"name": ""}}, "/person_in_charge/name"),
        ({"person_in_charge": {"name": "Асан", "phone": "at home"}}, "/person_in_charge/phone"),
        ({"author": str(uuid4())}, "/?"),
    ],
)
async def test_bad_input_is_refused_at_its_field(office: Office, changed: dict[str, Any], pointer: str) -> None:
    answer = await office.put(f"/v1/sites/{uuid4()}", {**SCHOOL, **changed}, role=Role.OPERATOR)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert await listed(office) == []


async def test_sites_are_written_only_within_the_own_areas_and_only_by_the_desk(office: Office) -> None:
    site_id = await saved(office)
    change = {**SCHOOL, "version": 2}
    elsewhere = await office.put(f"/v1/sites/{site_id}", change, role=Role.OPERATOR, areas=(OSH_OBLAST,))
    moved = await office.put(f"/v1/sites/{site_id}", {**change, "pcode": OSH}, role=Role.OPERATOR, areas=(OSH_OBLAST,))
    assert (elsewhere.status_code, moved.status_code) == (422, 404)
    for role in (Role.FIELD, Role.ANALYST, Role.ADMINISTRATOR, Role.INTEGRATION, Role.VIEWER):
        assert (await office.put(f"/v1/sites/{site_id}", change, role=role)).status_code == 403
    assert [site["version"] for site in await listed(office)] == [1]


async def test_the_list_continues_where_the_last_page_ended(office: Office) -> None:
    assert (await office.get("/v1/sites", role=Role.INTEGRATION)).status_code == 403
    ids = sorted([str(await saved(office, name_ky=None, name_ru=f"Школа № {number}")) for number in range(5)])
    counts = [counted(0, 10 * number, site_id=site_id) for number, site_id in enumerate(ids)]
    await office.file(*counts)
    sites, people, after = [], dict[str, Any](), ""
    while after is not None:
        page = f"?limit=2{after and f'&after={after}'}"
        of_sites = (await office.get(f"/v1/sites{page}", role=Role.FIELD)).json()
        of_people = (await office.get(f"/v1/occupancies{page}", role=Role.OPERATOR)).json()
        sites += [site["site_id"] for site in of_sites["sites"]]
        people |= of_people["occupancies"]
        after = of_sites["next"]
        assert of_people["next"] == after
    assert sites == ids
    assert [people[site_id]["highest"] for site_id in ids] == [0, 10, 20, 30, 40]
