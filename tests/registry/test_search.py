"""Tests the search for households over HTTP, on real PostgreSQL: found households, access rights, and the log."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.envelope_encryption import EnvelopeEncryption
from services.registry.search_keys import SearchKeys
from services.registry.search_renewal import made_by, renew
from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household, movement

pytestmark = pytest.mark.anyio

PATH = "/v1/households:search"
PIN = "21234567890123"


def person(given_name: str, family_name: str, **more: Any) -> dict[str, Any]:
    return {"member_id": str(uuid4()), "given_name": given_name, "family_name": family_name, **more}


def family(*members: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return household(members=list(members), persons=len(members), **changed)


async def search(office: Office, role: Role = Role.REGISTRAR, *, claims: Any = None, **criteria: Any) -> httpx.Response:
    claims = {"roles": [role], "areas": ("KG",), **(claims or {})}
    token = office.installation.token(**claims)
    return await office.client.post(PATH, json=criteria, headers={"authorization": f"Bearer {token}"})


async def found(office: Office, **criteria: Any) -> list[str]:
    answer = await search(office, **criteria)
    assert answer.status_code == 200, answer.text
    return [each["household_id"] for each in answer.json()["households"]]


@pytest.mark.parametrize(
    "criteria",
    [
        {"name": "Жумабекова Айгүл"},
        {"name": "aigul zhumabekova"},
        {"name": "Джумабеков"},
        {"name": "Жумабекова Айгуль Сапаровна"},
        {"name": "Айгүл", "birth_year": 1990},
        {"birth_year": 1990},
        {"phone": "0700 11-22-33"},
        {"phone": "+996700112233"},
        {"phone": "0777 44 55 66"},
        {"personal_number": PIN},
        {"name": "Айгүл", "phone": "0700112233", "area": LEILEK, "origin": KADAMJAI},
        {"area": LEILEK, "since": "2026-06-15", "until": "2026-06-15"},
    ],
)
async def test_a_household_is_found(office: Office, criteria: dict[str, Any]) -> None:
    wanted = family(
        person(
            "Айгүл",
            "Жумабекова",
            birth_date="1990-03-08",
            patronymic="Сапаровна",
            phone="+996 777 445566",
            personal_number=PIN,
        ),
        phone="+996 700 112233",
    )
    other = family(person("Нурлан", "Бейшенов"), phone="+996 700 112234", destination={"pcode": OSH})
    await office.file(wanted, other)
    assert await found(office, **criteria) == [wanted["household_id"]]


@pytest.mark.parametrize(
    "criteria",
    [
        {"name": "Айгүл Бейшенова"},
        {"name": "Айгүл", "birth_year": 1991},
        {"phone": "0700112234"},
        {"personal_number": "11234567890123"},
        {"name": "Айгүл", "area": OSH},
        {"name": "Айгүл", "origin": BATKEN},
        {"name": "Айгүл", "until": "2026-06-14"},
        {"name": "Айгүл", "since": "2026-06-16"},
        {"locality": "Айгүл"},
    ],
)
async def test_a_household_that_does_not_fit_all_criteria_is_not_found(
    office: Office, criteria: dict[str, Any]
) -> None:
    aigul = person("Айгүл", "Жумабекова", birth_year=1990, personal_number=PIN)
    await office.file(family(aigul, phone="+996 700 112233"))
    assert await found(office, **criteria) == []


async def test_the_code_that_the_phone_shows_finds_the_household(office: Office) -> None:
    body = household()
    await office.file(body)
    report_id: str = body["report_id"]
    assert await found(office, code=report_id[-4:].upper()) == [body["household_id"]]
    assert await found(office, code=report_id[-4:].lower()) == [body["household_id"]]


async def test_a_household_is_found_at_the_village_that_it_moved_to(office: Office) -> None:
    body = household()
    await office.file(body)
    moved = movement(body, "transferred", destination={"pcode": BATKEN}, destination_locality="Чоко-Добо")
    await office.file(moved)
    assert await found(office, locality="чоко добо") == [body["household_id"]]


async def test_a_household_is_found_at_its_site(office: Office) -> None:
    """A movement names the site by its id or in words."""
    site, by_id, in_words, elsewhere = str(uuid4()), household(), household(), household()
    school = {"version": 1, "name_ru": "Школа 3", "name_ky": "3-мектеп", "type": "school", "pcode": BATKEN}
    answer = await office.put(f"/v1/sites/{site}", school, role=Role.REGISTRAR)
    assert answer.status_code == 200, answer.text
    await office.file(by_id, in_words, elsewhere)
    there: dict[str, Any] = {"destination": {"pcode": BATKEN}}
    await office.file(
        movement(by_id, "transferred", destination_site_id=site, **there),
        movement(in_words, "transferred", destination_locality="школа 3", **there),
        movement(elsewhere, "transferred", destination_locality="школа 5", **there),
    )
    wanted = {by_id["household_id"], in_words["household_id"]}
    assert set(await found(office, site_id=site)) == wanted


async def test_the_persons_who_are_meant_are_shown(office: Office) -> None:
    await office.file(family(person("Асан", "Усенов"), person("Айгүл", "Усенова", birth_year=1990)))
    [household] = (await search(office, name="Айгүл Усенова")).json()["households"]
    [shown] = household["found_members"]
    assert (shown["given_name"], shown["birth_year"]) == ("Айгүл", 1990)
    assert "phone" not in shown and "details" not in household
    [household] = (await search(office, area=LEILEK)).json()["households"]
    assert [member["given_name"] for member in household["found_members"]] == ["Асан"]


async def test_after_a_correction_only_the_new_data_is_found(office: Office) -> None:
    body = family(person("Асан", "Усенов"), phone="+996 700 112233")
    await office.file(body)
    await office.file({**body, "version": 2, "phone": "+996 700 445566"})
    assert await found(office, phone="0700112233") == []
    assert await found(office, phone="0700445566", name="Усенов") == [body["household_id"]]


async def test_both_displacements_of_a_household_are_found(office: Office) -> None:
    first = family(person("Асан", "Усенов"), phone="+996 700 112233")
    later = {**first, "report_id": str(uuid4()), "phone": "+996 700 445566", "occurred_at": "2026-09-01T00:00:00Z"}
    await office.file(first, later)
    for phone in ("0700112233", "0700445566"):
        assert await found(office, phone=phone) == [first["household_id"]]


async def test_each_page_continues_where_the_last_one_ended(office: Office) -> None:
    bodies = [household(reported_at=f"2026-06-{day:02}T00:00:00Z") for day in range(16, 23)]
    await office.file(*bodies)
    pages: list[list[str]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = (await search(office, name="Токтогулов", limit=3, **cursor)).json()
        pages.append([each["household_id"] for each in page["households"]])
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert [id for page in pages for id in page] == [body["household_id"] for body in reversed(bodies)]
    assert (await search(office, name="Токтогулов", limit=3)).json()["count"] == 7


async def test_only_households_in_the_callers_areas_are_found(office: Office) -> None:
    await office.file(household())
    for areas, count in (((LEILEK,), 1), ((OSH,), 0), ((), 0)):
        answer = await search(office, claims={"areas": areas}, name="Токтогулов")
        assert (len(answer.json()["households"]), answer.json()["count"]) == (count, count), areas


@pytest.mark.parametrize("role", Role)
async def test_only_those_who_open_records_search(office: Office, role: Role) -> None:
    allowed = role in (Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR)
    answer = await search(office, role, name="Асан")
    assert answer.status_code == (200 if allowed else 403)


async def test_operators_state_a_purpose_before_they_search(office: Office) -> None:
    await office.file(household())
    account = uuid4()
    refused = await search(office, Role.OPERATOR, claims={"account": account, "purpose": None}, name="Асан")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:dayar:problem:purpose-needed")
    assert await office.refusals(account) == ["purpose-needed"]
    assert await office.reads(account) == []


async def test_each_search_is_logged_with_the_households_that_it_shows(office: Office) -> None:
    body, account = household(), uuid4()
    await office.file(body)
    for name in ("Асан", "Nobody"):
        await search(office, Role.OPERATOR, claims={"account": account, "purpose": "assistance: Mudflow"}, name=name)
    rows = await office.reads(account)
    assert [(row["subject"], list(map(str, row["objects"])), row["reason"]) for row in rows] == [
        ("POST /registry/v1/households:search", [body["household_id"]], "assistance: Mudflow"),
        ("POST /registry/v1/households:search", [], "assistance: Mudflow"),
    ]


@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"limit": 10},
        {"name": ""},
        {"name": "…"},
        {"name": " ".join("abcdefghi")},
        {"phone": "+"},
        {"personal_number": "1"},
        {"code": "XYZ1"},
        {"name": "Асан", "limit": 51},
        {"name": "Асан", "cursor": "nonsense"},
        {"surname": "Асан"},
    ],
)
async def test_a_search_for_nothing_is_refused_and_quotes_no_value(office: Office, criteria: dict[str, Any]) -> None:
    answer = await search(office, **criteria)
    assert answer.status_code == 422
    assert not any(
        str(value) in answer.text for value in criteria.values() if str(value) not in ("", "1", "10", "51", "+")
    )


async def test_an_unknown_site_is_not_found(office: Office) -> None:
    assert (await search(office, site_id=str(uuid4()))).status_code == 404


async def test_the_database_contains_no_name_or_number(office: Office) -> None:
    await office.file(family(person("Айгүл", "Жумабекова", personal_number=PIN), phone="+996 700 112233"))
    async with office.app.state.sessions.begin() as session:
        stored = str((await session.execute(text("SELECT keys FROM search_keys"))).all())
    assert not any(value in stored for value in ("jumabekov", "996700112233", PIN))


async def test_search_keys_that_an_earlier_release_did_not_make_are_made(office: Office) -> None:
    """The renewal continues until each household has keys, and a second call finds nothing to do."""
    bodies = [household() for _ in range(3)]
    await office.file(*bodies)
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("DELETE FROM search_keys"))
        await session.execute(text("UPDATE households SET search_root_id = ''"))
    answer = (await search(office, name="Токтогулов")).json()
    assert (answer["households"], answer["is_complete"]) == ([], False)
    assert await renewed(office) == 3
    answer = (await search(office, name="Токтогулов")).json()
    assert (answer["count"], answer["is_complete"]) == (3, True)
    assert await renewed(office) == 0


async def test_after_a_rotation_households_are_found_before_and_after_their_keys_are_renewed(office: Office) -> None:
    settings = office.installation.settings(RegistrySettings)
    before = household()
    await office.file(before)
    [old] = keyring.known(settings.search_root_file)
    keyring.draw(settings.search_root_file)
    office.registrar._search = SearchKeys(settings.search_root_file)
    after = household(reported_at="2026-06-20T00:00:00Z")
    await office.file(after)
    both = [after["household_id"], before["household_id"]]
    assert await found(office, name="Токтогулов") == both
    async with office.app.state.sessions.begin() as session:
        assert await made_by(session, old) == 1
    assert await renewed(office) == 1
    async with office.app.state.sessions.begin() as session:
        assert await made_by(session, old) == 0
    assert await found(office, name="Токтогулов") == both


async def renewed(office: Office) -> int:
    settings = office.installation.settings(RegistrySettings)
    encryption = EnvelopeEncryption(settings.registry_kek_file)
    return await renew(office.app.state.sessions, encryption, SearchKeys(settings.search_root_file), Places.load())
