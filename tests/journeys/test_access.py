"""Route × role, asked of the running services: the table of `shared.access` is what they do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import httpx
import pytest

from shared.access import ROUTES, Rule
from shared.auth import Role
from shared.events.vocabulary import Road
from tests.installation import Installation, Web
from tests.waiting import wait_for

GUARDED = {route: rule for route, rule in ROUTES.items() if not rule.is_public}
KADAMJAI, OSH_OBLAST = "KG05258000000", "KG06000000000"
DENIED = (401, 403)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def web(shared_installation: Installation) -> Web:
    return shared_installation.web()


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=web.base_url, timeout=20) as client:
        yield client


def path_of(route: str) -> str:
    path = route.partition(" ")[2]
    for name in ("household_id", "alert_id", "report_id"):
        path = path.replace(f"{{{name}}}", str(uuid4()))
    if path == "/stream":
        return "/stream?topics=hazards"  # the one topic that each of its roles may follow
    return path.replace("{panel}", "alerts")


async def status(client: httpx.AsyncClient, route: str, token: str | None) -> int:
    """Of the answer's head alone: a stream would never end."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with client.stream(route.partition(" ")[0], path_of(route), headers=headers) as answer:
        return answer.status_code


@pytest.mark.parametrize(("route", "rule"), GUARDED.items(), ids=GUARDED)
async def test_each_role_gets_what_the_table_says(
    route: str, rule: Rule, client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    tokens = {role: shared_installation.token(roles=[role]) for role in Role}
    answers = {role: await status(client, route, token) for role, token in tokens.items()}
    assert {role for role, code in answers.items() if code not in DENIED} == rule.roles


@pytest.mark.parametrize(("route", "rule"), GUARDED.items(), ids=GUARDED)
async def test_without_a_token_nobody_gets_anything(route: str, rule: Rule, client: httpx.AsyncClient) -> None:
    assert await status(client, route, None) == (303 if rule.is_page else 401)


async def test_an_ended_token_opens_nothing_but_intake_for_a_field_device(
    client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    ended = shared_installation.token(roles=list(Role), road=Road.FIELD, expires_in=-60)
    answers = {route: await status(client, route, ended) for route in GUARDED}
    taken = {route for route, code in answers.items() if code not in (*DENIED, 303)}
    assert taken == {"POST /intake/v1/hazards", "POST /intake/v1/displacements", "POST /intake/v1/reports:batch"}


async def test_a_household_is_read_in_its_area_by_its_author_and_by_nobody_else(
    client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    author, team = uuid4(), uuid4()
    shared_installation.start("registry", "worker")
    household = await report(client, shared_installation, author, team)
    readers = {
        "own area": shared_installation.token(roles=[Role.REGISTRAR], areas=[KADAMJAI]),
        "country": shared_installation.token(roles=[Role.OPERATOR], areas=["KG"]),
        "author": shared_installation.token(roles=[Role.FIELD], areas=[OSH_OBLAST], account=author, team=team),
        "other area": shared_installation.token(roles=[Role.REGISTRAR], areas=[OSH_OBLAST]),
        "no area": shared_installation.token(roles=[Role.REGISTRAR], areas=[]),
        "another field account": shared_installation.token(roles=[Role.FIELD], areas=[OSH_OBLAST], team=uuid4()),
    }
    await wait_for(lambda: found(client, household, readers["country"]), timeout=30)
    read = {name for name, token in readers.items() if await found(client, household, token)}
    assert read == {"own area", "country", "author"}


async def found(client: httpx.AsyncClient, household: UUID, token: str) -> bool:
    answer = await client.get(f"/registry/v1/households/{household}", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 404)
    return answer.status_code == 200


async def report(client: httpx.AsyncClient, installation: Installation, author: UUID, team: UUID) -> UUID:
    household, now = uuid4(), datetime.now(UTC).isoformat()
    token = installation.token(roles=[Role.FIELD], areas=[KADAMJAI], account=author, team=team, road=Road.FIELD)
    body = {
        "kind": "household", "report_id": str(uuid4()), "household_id": str(household), "occurred_at": now,
        "reported_at": now, "origin": {"pcode": KADAMJAI}, "destination": {"pcode": KADAMJAI}, "persons": 4,
    }  # fmt: skip
    answer = await client.post("/intake/v1/displacements", json=body, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 202
    return household
