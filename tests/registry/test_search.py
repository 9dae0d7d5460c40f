"""Tests the search for households over HTTP: the results, the rights, and the log. PostgreSQL is real."""

import hashlib
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.registry.search import queries as search_queries
from services.registry.search.keys import LONGEST_NAME, MOST_KEYS, Field, KeysOfRoot, terms
from shared.auth.tokens import Role
from shared.names import name_parts
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household

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


async def test_a_household_without_a_list_of_members_is_found_by_its_contact_person(office: Office) -> None:
    wanted = household(persons=6, contact_name="Асанов Нурлан", phone="+996 555 010203")
    del wanted["members"]
    await office.file(wanted)
    assert await found(office, name="nurlan asanov", phone="0555 010203") == [wanted["household_id"]]
    [shown] = (await search(office, phone="0555 010203")).json()["households"]
    assert (shown["contact_name"], shown["found_members"]) == ("Асанов Нурлан", [])
    token = office.installation.token(roles=[Role.REGISTRAR], areas=("KG",))
    criteria, headers = {"phone": "0555 010203"}, {"authorization": f"Bearer {token}"}
    page = await office.client.post("/search?lang=en", json=criteria, headers=headers)
    assert "Асанов Нурлан</a>" in page.text
    assert await found(office, name="nurlan beishenov") == []


@pytest.mark.parametrize(
    "criteria",
    [
        {"name": "Жумабекова Айгүл"},
        {"name": "aigul zhumabekova"},
        {"name": "Джумабеков"},
        {"name": "Жумабекова Айгуль Сапаровна"},
        {"name": "Айгүл", "birth_year": 1990},
        {"phone": "+996 0700 112233"},
        {"phone": "+0700 112233"},
        {"birth_year": 1990, "area": LEILEK},
        {"phone": "0700 11-22-33"},
        {"phone": "+996700112233"},
        {"phone": "0777 44 55 66"},
        {"personal_number": PIN},
        {"short_code": "7k3-m9q-xa7"},
        {"name": "Айгүл", "phone": "0700112233", "area": LEILEK, "origin": KADAMJAI},
        {"area": LEILEK, "since": "2026-06-15", "until": "2026-06-15"},
        {"name": "Бакыт", "birth_year": 1984},
        {"area": LEILEK, "birth_year": 1985},
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
        person("Бакыт", "Жумабеков", age=41, age_reported_on="2026-06-15"),
        phone="+996 700 112233",
        short_code="7K3M9QXA7",
    )
    other = family(person("Нурлан", "Бейшенов"), phone="+996 700 112234", destination={"pcode": OSH})
    await office.file(wanted, other)
    assert await found(office, **criteria) == [wanted["household_id"]]


@pytest.mark.parametrize(
    "criteria",
    [
        {"name": "Айгүл Бейшенова"},
        {"name": "Айгүл", "birth_year": 1991},
        {"name": "Айгүл", "birth_year": 1983},
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
    bakyt = person("Бакыт", "Жумабеков", age=41, age_reported_on="2026-06-15")
    await office.file(family(aigul, bakyt, phone="+996 700 112233"))
    assert await found(office, **criteria) == []


async def short_code(office: Office, body: dict[str, Any]) -> str | None:
    path = f"households/{body['household_id']}"
    details = (await office.get(f"/v1/{path}", role=Role.REGISTRAR)).json()["details"]
    page = (await office.get(f"/{path}?lang=en", role=Role.REGISTRAR, accept="text/html")).text
    code: str | None = details.get("short_code")
    assert f"{code[:3]}-{code[3:6]}-{code[6:]}" in page if code else "Assign a short code" in page
    return code


async def test_a_household_has_a_bounded_number_of_search_keys(office: Office) -> None:
    """The short code and the telephone still find the household. Of each name, only eight parts get keys."""
    words = [f"{first}{second}" for first in "абвгд" for second in "лмнпрс"]
    named = family(person(" ".join(words), "Усенов"), phone="0700112233")
    many = [" ".join(f"{word}{number}" for word in words[:12]) for number in range(60)]
    body = family(*(person(name, name, patronymic=name[::-1]) for name in many), phone="0700445566")
    moved_on = {**household(short_code="7K3M9QXA7"), "household_id": body["household_id"]}
    await office.file(named, body, moved_on)
    async with office.app.state.sessions.begin() as session:
        counts = (await session.scalars(text("SELECT cardinality(keys) FROM search_keys"))).all()
    assert min(counts) == LONGEST_NAME + 2 and max(counts) == MOST_KEYS + 1
    assert await found(office, short_code="7K3M9QXA7") == [body["household_id"]]
    assert await found(office, phone="0700445566") == [body["household_id"]]


async def test_a_search_that_takes_too_long_is_ended_and_logged(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.file(household())
    monkeypatch.setattr(search_queries, "TIMEOUT", text("SET LOCAL statement_timeout = '50ms'"))
    account = uuid4()
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("LOCK TABLE search_keys IN ACCESS EXCLUSIVE MODE"))
        answer = await search(office, claims={"account": account}, name="Асан")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:dayar:problem:search-too-slow")
    assert await office.refusals(account) == ["too-slow"]


async def test_a_large_number_of_households_is_not_counted_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_queries, "COUNTED", 2)
    await office.file(*(household() for _ in range(4)))
    assert (await search(office, name="Асан")).json()["count"] == 3


async def test_the_persons_who_are_meant_are_shown(office: Office) -> None:
    await office.file(family(person("Асан", "Усенов"), person("Айгүл", "Усенова", birth_year=1990)))
    [household] = (await search(office, name="Айгүл Усенова")).json()["households"]
    [shown] = household["found_members"]
    assert (shown["given_name"], shown["birth_year"]) == ("Айгүл", 1990)
    assert "phone" not in shown and "details" not in household
    [household] = (await search(office, area=LEILEK)).json()["households"]
    assert [member["given_name"] for member in household["found_members"]] == ["Асан"]
    [household] = (await search(office, birth_year=1990, area=LEILEK)).json()["households"]
    assert [member["given_name"] for member in household["found_members"]] == ["Айгүл"]


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
        {"locality": "---"},
        {"locality": "."},
        {"name": "---", "area": LEILEK},
        {"birth_year": 1990},
        {"personal_number": "1"},
        {"code": "XYZ1"},
        {"short_code": "7K3M9QXB7"},
        {"name": "Асан", "limit": 51},
        {"name": "Асан", "cursor": "nonsense"},
        {"surname": "Асан"},
    ],
)
async def test_a_search_for_nothing_is_refused_and_quotes_no_value(office: Office, criteria: dict[str, Any]) -> None:
    answer = await search(office, **criteria)
    assert answer.status_code == 422
    assert not any(
        str(value) in answer.text for value in criteria.values() if str(value) not in ("", "1", "10", "51", "+", ".")
    )


async def test_the_database_contains_no_name_or_number(office: Office) -> None:
    await office.file(family(person("Айгүл", "Жумабекова", personal_number=PIN), phone="+996 700 112233"))
    async with office.app.state.sessions.begin() as session:
        [stored] = (await session.scalars(text("SELECT keys FROM search_keys"))).all()
    values = [spelling for part in name_parts("Айгүл Жумабекова") for spelling in part] + ["996700112233", PIN]
    assert len(stored) == len(values)
    unkeyed = {hashlib.sha256(value.encode()).digest()[:16] for value in values}
    other_root = KeysOfRoot(b"another root" * 3)
    keyed = {key for term in terms(Field.NAME, "Айгүл Жумабекова") for key in other_root.keys(term)}
    assert unkeyed.isdisjoint(stored) and keyed.isdisjoint(stored)
    assert not any(value.encode() in key for value in values for key in stored)
