"""Tests over HTTP which households each caller sees. PostgreSQL and Kafka are real."""

import base64
import re
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry import openings
from shared import audit
from shared.audit import Action, Entry
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag, SubmissionChannel
from tests.registry.conftest import AUTHOR, TEAM, Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, household, movement

pytestmark = pytest.mark.anyio

BATKEN_OBLAST, OSH_OBLAST = "KG05000000000", "KG06000000000"
OFFICE = {Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}
PATHS = ("/v1/households", "/v1/households/{id}", "/v1/households/{id}/history")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("role", Role)
async def test_access_by_role_in_the_own_and_another_area(office: Office, path: str, role: Role) -> None:
    body = household()
    await office.file(body)
    own = await office.get(path.format(id=body["household_id"]), role=role, areas=(BATKEN_OBLAST,))
    other = await office.get(path.format(id=body["household_id"]), role=role, areas=(OSH_OBLAST,))
    if role not in OFFICE and (role is not Role.FIELD or path == PATHS[0]):
        assert (own.status_code, other.status_code) == (403, 403)
    elif path == PATHS[0]:
        assert len(own.json()["households"]) == (role in OFFICE)
        assert other.json()["households"] == []
    else:
        assert (own.status_code, other.status_code) == (200 if role in OFFICE else 404, 404)


async def test_without_a_token_the_answer_reveals_nothing(office: Office) -> None:
    for path in PATHS:
        assert (await office.client.get(path.format(id=uuid4()))).status_code == 401


async def test_an_opened_household_shows_the_reported_data(office: Office) -> None:
    body = household()
    await office.file(body)
    seen = (await office.get(f"/v1/households/{body['household_id']}", role=Role.REGISTRAR)).json()
    assert seen["members"][1]["given_name"] == "Айгүл"
    assert [member["member_id"] for member in seen["members"]] == [member["member_id"] for member in body["members"]]
    assert (seen["details"]["phone"], seen["details"]["shelter"]) == ("+996 555 123456", "tent")
    assert (seen["persons"], seen["displaced"], seen["destination_pcode"]) == (5, 5, LEILEK)


async def test_the_history_shows_every_version_and_its_outcome(office: Office) -> None:
    body = household()
    await office.file(body)
    await office.file({**body, "version": 2, "notes": "мост цел"})
    await office.file({**body, "version": 3}, author=uuid4(), team=None)
    seen = (await office.get(f"/v1/households/{body['household_id']}/history", role=Role.REGISTRAR)).json()
    assert [(one["version"], one["outcome"], one["reason"]) for one in seen["versions"]] == [
        (1, "recorded", None),
        (2, "recorded", None),
        (3, "held", "not_author"),
    ]
    assert seen["versions"][1]["report"]["notes"] == "мост цел"


async def test_the_history_shows_movements_beside_the_household(office: Office) -> None:
    body = household()
    stranger = uuid4()
    death = movement(body, "died", member_ids=[body["members"][0]["member_id"]], notes="табылды")
    await office.file(body)
    await office.file(death, author=stranger, team=uuid4())
    path = f"/v1/households/{body['household_id']}"
    versions = (await office.get(f"{path}/history", role=Role.REGISTRAR)).json()["versions"]
    assert [(version["kind"], version["reason"]) for version in versions] == [
        ("household", None),
        ("household_movement", "removal_by_other_team"),
    ]
    assert (versions[1]["report"]["movement"], versions[1]["report"]["notes"]) == ("died", "табылды")
    own = (await office.get(f"{path}/history", role=Role.FIELD, account=stranger)).json()["versions"]
    assert [version["kind"] for version in own] == ["household_movement"]
    assert (await office.get(path, role=Role.FIELD, account=stranger)).status_code == 404


async def test_the_history_keeps_the_teams_version_beside_the_registrars_correction(office: Office) -> None:
    body, registrar = household(), uuid4()
    await office.file(body)
    await office.file(
        {**body, "version": 2, "notes": "по списку"}, author=registrar, team=None, flags=(Flag.REGISTRAR_OF_DISTRICT,)
    )
    path = f"/v1/households/{body['household_id']}"
    versions = (await office.get(f"{path}/history", role=Role.REGISTRAR, areas=(LEILEK,))).json()["versions"]
    assert [(one["author"], one["outcome"], one["report"]["notes"]) for one in versions] == [
        (str(AUTHOR), "recorded", "мост снесло"),
        (str(registrar), "recorded", "по списку"),
    ]
    assert (await office.get(path, role=Role.REGISTRAR, areas=(LEILEK,))).json()["details"]["notes"] == "по списку"


async def test_an_author_reads_only_the_own_report(office: Office) -> None:
    body = household()
    await office.file(body, channel=SubmissionChannel.API)
    await office.file({**body, "version": 2, "notes": "от другого"}, author=uuid4(), team=TEAM)
    path = f"/v1/households/{body['household_id']}"
    own = await office.get(path, role=Role.FIELD, account=AUTHOR, areas=())
    assert own.json()["report"]["notes"] == "мост снесло"
    assert "от другого" not in (await office.get(f"{path}/history", role=Role.FIELD, account=AUTHOR)).text
    assert (await office.get(path, role=Role.FIELD, account=uuid4())).status_code == 404


PERSONAL = ("Айгүл", "996 555", "мост", "given_name", "birth", "notes", "members", "phone")


@pytest.mark.parametrize(
    ("came_by", "read_by"),
    [
        (SubmissionChannel.FIELD, SubmissionChannel.FIELD),
        (SubmissionChannel.FIELD, SubmissionChannel.CONSOLE),
        (SubmissionChannel.API, SubmissionChannel.FIELD),
    ],
)
async def test_what_a_phone_sent_or_reads_has_no_sealed_field(
    office: Office, came_by: SubmissionChannel, read_by: SubmissionChannel
) -> None:
    """A lost phone may stay signed in for a year. The phone's finder must not see the phone's earlier reports."""
    body = household()
    await office.file(body, channel=came_by)
    path = f"/v1/households/{body['household_id']}"
    reader: dict[str, Any] = {"role": Role.FIELD, "account": AUTHOR, "channel": read_by}
    own, history = [await office.get(one, **reader) for one in (path, f"{path}/history")]
    assert own.json()["report"]["persons"] == history.json()["versions"][0]["report"]["persons"] == body["persons"]
    assert [word for word in PERSONAL if word in own.text + history.text] == []


async def test_an_author_has_no_list_whose_gaps_would_show_duplicates(office: Office) -> None:
    """A report may be refused as a duplicate. The author's receipt nevertheless says "recorded".

    A list of the author's households would lack this household, and would reveal the duplicate.
    """
    await office.file(household())
    assert (await office.get("/v1/households", role=Role.FIELD, account=AUTHOR, areas=())).status_code == 403


async def test_an_author_reads_the_own_correction_even_if_it_arrived_first(office: Office) -> None:
    body = household(reported_at="2026-06-03T00:00:00Z")
    later = {**body, "version": 2, "reported_at": "2026-06-02T00:00:00Z", "notes": "мост цел"}
    await office.file(later, body, channel=SubmissionChannel.API)
    own = await office.get(f"/v1/households/{body['household_id']}", role=Role.FIELD, account=AUTHOR)
    assert (own.json()["version"], own.json()["report"]["notes"]) == (2, "мост цел")


async def test_a_missing_key_is_reported_and_nothing_is_shown(office: Office) -> None:
    body = household()
    await office.file(body)
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("UPDATE household_keys SET kek_id = 'another'"))
    reader = uuid4()
    for path in PATHS[1:]:
        answer = await office.get(path.format(id=body["household_id"]), role=Role.REGISTRAR, account=reader)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:dayar:problem:dependency-unavailable")
        assert answer.headers["retry-after"] == "5"
    assert await office.reads(reader) == []


async def test_a_household_abroad_is_visible_at_its_origin(office: Office) -> None:
    body = household(destination={"country": "RU"})
    await office.file(body)
    path = f"/v1/households/{body['household_id']}"
    assert (await office.get(path, role=Role.OPERATOR, areas=(KADAMJAI,))).status_code == 200
    assert (await office.get(path, role=Role.OPERATOR, areas=(BATKEN,))).status_code == 404


async def test_every_read_adds_an_audit_row(office: Office) -> None:
    body = household()
    await office.file(body)
    reader = uuid4()
    for path in PATHS:
        await office.get(path.format(id=body["household_id"]), role=Role.REGISTRAR, account=reader)
    await office.get(PATHS[1].format(id=uuid4()), role=Role.REGISTRAR, account=reader)
    rows = await office.reads(reader)
    routes = [path.format(id="{household_id}") for path in PATHS]
    assert [row["subject"] for row in rows] == [f"GET /registry{route}" for route in routes]
    assert {tuple(map(str, row["objects"])) for row in rows} == {(body["household_id"],)}


async def test_each_page_continues_where_the_last_one_ended(office: Office) -> None:
    await office.file(*(household(reported_at=f"2026-06-{day:02}T00:00:00Z") for day in range(1, 8)))
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await office.get(f"/v1/households?limit=3{cursor}", role=Role.OPERATOR)).json()
        seen += [one["household_id"] for one in page["households"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    "inside",
    [
        "\0",
        "[" * 5000,
        '["9999-12-31T23:59:59-12:00", "{id}"]',
        '["2026-06-01T00:00:00", "{id}"]',
        '["2026-06-01T00:00:00Z"]',
    ],
)
async def test_an_invalid_cursor_is_refused(office: Office, inside: str) -> None:
    cursor = base64.urlsafe_b64encode(inside.replace("{id}", str(uuid4())).encode()).decode()
    answer = await office.get(f"/v1/households?cursor={cursor}", role=Role.OPERATOR)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/cursor")


async def test_a_page_can_be_limited_to_an_area(office: Office) -> None:
    await office.file(household(), household(destination={"pcode": OSH}))
    page = (await office.get(f"/v1/households?area={OSH_OBLAST}", role=Role.OPERATOR)).json()
    assert [one["destination_pcode"] for one in page["households"]] == [OSH]


async def test_urgent_households_are_listed_until_a_correction_says_otherwise(office: Office) -> None:
    body = household(is_urgent=True)
    await office.file(body, household())
    path = "/v1/households?is_urgent=true"
    page = (await office.get(path, role=Role.OPERATOR)).json()
    assert [one["household_id"] for one in page["households"]] == [body["household_id"]]
    await office.file({**body, "version": 2, "is_urgent": False})
    assert (await office.get(path, role=Role.OPERATOR)).json()["households"] == []


async def test_the_page_of_the_search_leads_to_all_urgent_households(office: Office) -> None:
    await office.file(*(household(is_urgent=True) for _ in range(21)))
    first = (await office.get("/search", role=Role.OPERATOR)).text
    older_pages = re.compile(r'href="(\?urgent=[^"#]+)#urgent"')
    [older] = older_pages.findall(first)
    second = (await office.get(f"/search{older}", role=Role.OPERATOR)).text
    pages = [set(re.findall(r"/registry/households/([0-9a-f-]{36})", page)) for page in (first, second)]
    assert [len(page) for page in pages] == [20, 1] and pages[0].isdisjoint(pages[1])
    assert older_pages.findall(second) == []


async def test_an_urgent_household_is_listed_while_some_of_its_people_are_displaced(office: Office) -> None:
    """Two of five people return. Then the other three return."""
    body = household(is_urgent=True)
    await office.file(body)
    for moved, listed in ({"persons": 2}, 1), ({}, 0):
        await office.file(movement(body, "returned", **moved))
        page = (await office.get("/v1/households?is_urgent=true", role=Role.OPERATOR)).json()
        assert len(page["households"]) == listed
    assert len((await office.get("/v1/households?is_urgent=false", role=Role.OPERATOR)).json()["households"]) == 1


async def test_a_household_in_a_village_is_visible_in_its_district(office: Office) -> None:
    body = household(destination={"pcode": "KG05236830020"})
    city = household(
        destination={"pcode": "KG03220400010"}
    )  # the city's code begins like the code of rayon KG03220000000, but the city is not in this rayon
    await office.file(body, city)
    for area, status in ((LEILEK, 200), (BATKEN_OBLAST, 200), (BATKEN, 404)):
        answer = await office.get(f"/v1/households/{body['household_id']}", role=Role.OPERATOR, areas=(area,))
        assert answer.status_code == status, area
    page = (await office.get(f"/v1/households?area={LEILEK}", role=Role.OPERATOR)).json()
    assert [one["household_id"] for one in page["households"]] == [body["household_id"]]
    around = await office.get(f"/v1/households/{city['household_id']}", role=Role.OPERATOR, areas=("KG03220000000",))
    assert around.status_code == 404


@pytest.mark.parametrize("path", PATHS[1:])
async def test_operators_state_a_purpose_and_registrars_need_none(office: Office, path: str) -> None:
    body = household()
    await office.file(body)
    path = path.format(id=body["household_id"])
    for role in (Role.OPERATOR, Role.DUTY_HEAD):
        reader = uuid4()
        refused = await office.get(path, role=role, account=reader, purpose=None)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:dayar:problem:purpose-needed")
        assert await office.refusals(reader) == ["purpose-needed"]
        stated = await office.get(path, role=role, account=reader, purpose="assistance: Mudflow")
        assert stated.status_code == 200
        assert [row["reason"] for row in await office.reads(reader)] == ["assistance: Mudflow"]
    assert (await office.get(path, role=Role.REGISTRAR, purpose=None)).status_code == 200


async def test_unusually_many_openings_are_reported_and_block_nobody(office: Office) -> None:
    body, account = household(), uuid4()
    await office.file(body)
    async with office.app.state.sessions.begin() as session:
        opened = Entry(
            action=Action.READ,
            account=account,
            subject="GET /registry/v1/households/{household_id}",
            objects=[uuid4() for _ in range(openings.MOST_AN_HOUR)],
        )
        await audit.add(session, opened)
    notices = await office.get("/notices?lang=en", role=Role.ADMINISTRATOR)
    assert str(account) not in notices.text
    path = f"/v1/households/{body['household_id']}"
    for _ in range(2):
        assert (await office.get(path, role=Role.OPERATOR, account=account)).status_code == 200
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        page = (await office.get("/notices?lang=en", role=role)).text
        assert "opened: 61 in the hour" in page and str(account) in page
    assert (await office.get("/notices", role=Role.OPERATOR)).status_code == 403


@pytest.mark.parametrize(
    ("subject", "most"),
    [
        ("GET /registry/households/{household_id}", openings.MOST_AN_HOUR),
        ("POST /registry/v1/households:search", openings.MOST_FOUND_AN_HOUR),
        ("POST /registry/search", openings.MOST_FOUND_AN_HOUR),
    ],
)
async def test_unusually_many_pages_and_searches_are_reported(office: Office, subject: str, most: int) -> None:
    few, many = uuid4(), uuid4()
    async with office.app.state.sessions.begin() as session:
        for account, count in ((few, most), (many, most + 1)):
            read = [uuid4() for _ in range(count)]
            await audit.add(session, Entry(action=Action.READ, account=account, subject=subject, objects=read))
    page = (await office.get("/notices?lang=en", role=Role.ADMINISTRATOR)).text
    assert str(many) in page and str(few) not in page


async def test_unusually_many_searches_that_find_nobody_are_reported(office: Office) -> None:
    """Somebody might try many telephone numbers to learn which are registered."""
    few, many = uuid4(), uuid4()
    async with office.app.state.sessions.begin() as session:
        for account, count in ((few, openings.MOST_SEARCHES_AN_HOUR), (many, openings.MOST_SEARCHES_AN_HOUR + 1)):
            for _ in range(count):
                subject = "POST /registry/v1/households:search"
                await audit.add(session, Entry(action=Action.READ, account=account, subject=subject))
    page = (await office.get("/notices?lang=en", role=Role.ADMINISTRATOR)).text
    assert "searches for households: 121 in the hour" in page and str(many) in page and str(few) not in page


async def test_duplicates_that_a_page_shows_are_not_counted_as_opened(office: Office) -> None:
    account = uuid4()
    async with office.app.state.sessions.begin() as session:
        subject, shown = f"{openings.DUPLICATES}GET /registry/households/{{household_id}}", [uuid4() for _ in range(99)]
        await audit.add(session, Entry(action=Action.READ, account=account, subject=subject, objects=shown))
    assert str(account) not in (await office.get("/notices?lang=en", role=Role.ADMINISTRATOR)).text
