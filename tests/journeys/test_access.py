"""For each role, area and route, the running services admit callers as the table in `shared.auth.access` states."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.alerts.config import AlertsSettings
from services.alerts.receivers import subscriptions
from services.alerts.receivers.receivers import Receiver
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.access import ROUTES
from shared.auth.access_rules import AccessRule
from shared.auth.tokens import Role
from shared.events.topics import SERVICES
from shared.events.vocabulary import DeliveryChannel, SubmissionChannel
from shared.postgres import database
from tests.clients import PLAIN
from tests.installation import Installation, Web
from tests.journeys.areas import BY_AREA, HOUSEHOLD, NOW, OF_NO_AREA, WITHOUT_SIGHT, ReportedEvents, VisibleContent
from tests.journeys.count import Sent, count_check
from tests.waiting import wait_for

GUARDED = {route: rule for route, rule in ROUTES.items() if not rule.is_public}
KADAMJAI, OSH_OBLAST = "KG05258000000", "KG06000000000"
DENIED = (401, 403)


@pytest.fixture
async def client(web: Web) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=web.base_url, timeout=60, verify=PLAIN) as client:
        yield client


def path_of(route: str) -> str:
    path = route.partition(" ")[2]
    for name in (
        "household_id",
        "alert_id",
        "hazard_id",
        "report_id",
        "group_id",
        "site_id",
        "jti",
        "outcome_id",
        "filter_id",
    ):
        path = path.replace(f"{{{name}}}", str(uuid4())).replace(f"{{{name}:uuid}}", str(uuid4()))
    path = path.replace("{source}", "unknown-source")
    if path == "/stream":
        return "/stream?topics=hazards"  # every role that may call the route of streams may read the topic `hazards`
    return path.replace("{panel}", "alerts").replace("{layer}", "alerts")


async def status(client: httpx.AsyncClient, route: str, token: str | None) -> int:
    """Returns the status of the answer without reading the body. A stream's body never ends."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    async with client.stream(route.partition(" ")[0], path_of(route), headers=headers) as answer:
        return answer.status_code


@pytest.mark.parametrize(("route", "rule"), GUARDED.items(), ids=GUARDED)
async def test_each_role_gets_the_access_that_the_table_says(
    route: str, rule: AccessRule, client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    tokens = {role: shared_installation.token(roles=[role]) for role in Role}
    answers = {role: await status(client, route, token) for role, token in tokens.items()}
    assert max(answers.values()) < 500, answers
    assert {role for role, code in answers.items() if code not in DENIED} == rule.roles


@pytest.mark.parametrize(("route", "rule"), GUARDED.items(), ids=GUARDED)
async def test_without_a_token_nobody_gets_anything(route: str, rule: AccessRule, client: httpx.AsyncClient) -> None:
    assert await status(client, route, None) == (303 if rule.is_page else 401)


async def test_an_ended_token_is_accepted_only_by_intake_and_from_field_devices(
    client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    ended = shared_installation.token(roles=list(Role), channel=SubmissionChannel.FIELD, expires_in=-60)
    answers = {route: await status(client, route, ended) for route in GUARDED}
    assert max(answers.values()) < 500, answers
    taken = {route for route, code in answers.items() if code not in (*DENIED, 303)}
    assert taken == {
        "POST /intake/v1/displacements",
        "POST /intake/v1/displacements:sealed",
        "POST /intake/v1/movements",
        "POST /intake/v1/movements:sealed",
        "POST /intake/v1/reports:batch",
    }  # hazards are not accepted: a late hazard could still raise an alert


def test_each_route_is_listed_as_limited_by_area_or_not() -> None:
    assert BY_AREA.keys().isdisjoint(OF_NO_AREA)
    assert BY_AREA.keys() | OF_NO_AREA == GUARDED.keys()


@pytest.mark.parametrize(("route", "visible"), BY_AREA.items(), ids=BY_AREA)
async def test_each_role_sees_its_area_and_nothing_of_another(
    route: str,
    visible: VisibleContent,
    reported: ReportedEvents,
    client: httpx.AsyncClient,
    shared_installation: Installation,
) -> None:
    roles = GUARDED[route].roles - WITHOUT_SIGHT
    seen = {
        (role, area): await shows(
            client, visible, reported, shared_installation.token(roles=[role], areas=[area]), route.partition(" ")[0]
        )
        for area in (OSH_OBLAST, KADAMJAI)
        for role in sorted(roles)
    }
    assert seen == {(role, area): area == KADAMJAI for role, area in seen}


async def test_the_page_behind_the_link_of_a_mail_needs_the_token_of_the_link(client: httpx.AsyncClient) -> None:
    empty = await client.get("/alerts/answer")
    assert (empty.status_code, "<button" in empty.text.partition("<main")[2].partition("</main>")[0]) == (200, False)
    for token in ("", "x" * 43):
        assert (await client.post("/alerts/answer", data={"token": token, "act": "acknowledge"})).status_code == 404


async def test_a_household_is_read_in_its_area_and_by_its_author_only(
    reported: ReportedEvents, client: httpx.AsyncClient, shared_installation: Installation
) -> None:
    readers = {
        "own area": shared_installation.token(roles=[Role.REGISTRAR], areas=[KADAMJAI]),
        "country": shared_installation.token(roles=[Role.OPERATOR], areas=["KG"]),
        "author": shared_installation.token(
            roles=[Role.FIELD], areas=[OSH_OBLAST], account=reported.author, team=reported.team
        ),
        "other area": shared_installation.token(roles=[Role.REGISTRAR], areas=[OSH_OBLAST]),
        "no area": shared_installation.token(roles=[Role.REGISTRAR], areas=[]),
        "another field account": shared_installation.token(roles=[Role.FIELD], areas=[OSH_OBLAST], team=uuid4()),
    }
    read = {name for name, token in readers.items() if await shows(client, BY_AREA[HOUSEHOLD], reported, token)}
    assert read == {"own area", "country", "author"}


async def test_the_apps_of_the_web_process_share_one_reader_of_the_revocations(
    reported: ReportedEvents, shared_installation: Installation
) -> None:
    """Each program that reads the revocations writes its own snapshot.

    The web process reads the revocations with intake's login. The alerts worker uses its own login.
    """
    folder = shared_installation.folder / "state" / "access"
    await wait_for(lambda: {file.name for file in folder.glob("*.json")} == {"alerts.json", "intake.json"})


@pytest.fixture(scope="module")
async def reported(web: Web, shared_installation: Installation) -> AsyncIterator[ReportedEvents]:
    """Reports the events, and waits until all services have read them.

    After the last test, the count check must pass.
    """
    await somebody_to_tell(shared_installation.settings(AlertsSettings))
    for service in SERVICES:
        shared_installation.start(service, "worker")
    sent, reported = Sent(), ReportedEvents()
    async with httpx.AsyncClient(base_url=web.base_url, timeout=60, verify=PLAIN) as client:
        await report(client, shared_installation, reported, sent)
        await wait_for(lambda: is_everywhere(client, shared_installation, reported), timeout=60)
        alerts = await client.get("/alerts/v1/alerts", headers=bearer(shared_installation.token(roles=[Role.OPERATOR])))
        yield replace(reported, alert=alerts.json()["alerts"][0]["alert_id"])
    await count_check(shared_installation, sent)


async def somebody_to_tell(settings: AlertsSettings) -> None:
    """Adds a receiver, because a page must list one. The receiver's address does not exist."""
    engine = database.engine(settings)
    async with database.sessions(engine).begin() as session:
        receiver = Receiver("duty", DeliveryChannel.WEBHOOK, "https://hook.invalid/")
        await subscriptions.put(session, receiver, WebhookSecrets(settings.alerts_key_file))
    await engine.dispose()


async def is_everywhere(client: httpx.AsyncClient, installation: Installation, reported: ReportedEvents) -> bool:
    token = installation.token(roles=[Role.OPERATOR])
    board = (await client.get("/board/alerts", headers=bearer(token))).text
    return "data-key" in board and await shows(client, BY_AREA[HOUSEHOLD], reported, token)


async def shows(
    client: httpx.AsyncClient, visible: VisibleContent, reported: ReportedEvents, token: str, method: str = "GET"
) -> bool:
    names = {
        "household": reported.household,
        "alert": reported.alert,
        "hazard_report": reported.hazard_report,
        "site": reported.site,
    }
    body = visible.body
    if body is not None and "alert_ids" in body:
        body = body | {"alert_ids": [reported.alert]}
    request = client.build_request(method, visible.path.format(**names), headers=bearer(token), json=body)
    async with contextlib.aclosing(await client.send(request, stream=True)) as answer:
        text = await replayed(answer) if "/stream" in visible.path else (await answer.aread()).decode()
    assert answer.status_code in (200, 201, 404, 409), (answer.status_code, text)
    if not visible.seen:  # 409: the account has access, but another account acted first
        return answer.status_code != 404 and '"not-found"' not in text
    return visible.seen.format(**names) in text


async def replayed(answer: httpx.Response) -> str:
    """Returns the past events of a stream, which end at a line with only an id."""
    lines: list[str] = []
    async for line in answer.aiter_lines():
        if not line and lines and lines[-1].startswith(NOW):
            break
        lines.append(line)
    return "\n".join(lines)


async def report(client: httpx.AsyncClient, installation: Installation, reported: ReportedEvents, sent: Sent) -> None:
    now = datetime.now(UTC).isoformat()
    household = {
        "kind": "household",
        "report_id": str(uuid4()),
        "household_id": str(reported.household),
        "occurred_at": now,
        "reported_at": now,
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": KADAMJAI},
        "persons": 987,
        "needs": ["water"],
        "reasons": ["natural_disaster"],
    }
    hazard = {
        "report_id": str(reported.hazard_report),
        "source": "cmc",
        "source_id": "1",
        "type": "mudflow",
        "severity": "Extreme",
        "urgency": "Immediate",
        "certainty": "Observed",
        "area": {"pcodes": [KADAMJAI]},
        "onset": now,
        "reported_at": now,
    }
    team = installation.token(
        roles=[Role.FIELD],
        areas=[KADAMJAI],
        account=reported.author,
        team=reported.team,
        channel=SubmissionChannel.FIELD,
    )
    desk = installation.token(roles=[Role.OPERATOR], sources=["cmc"], channel=SubmissionChannel.CONSOLE)
    for topic, body, token in (("displacements", household, team), ("hazards", hazard, desk)):
        answer = await client.post(f"/intake/v1/{topic}", json=body, headers=bearer(token))
        assert sent.answered(topic, answer).status_code == 202, answer.text
    caller = {"name": "A caller", "phone": "0555 010203"}
    noted = await client.put(f"/v1/callers/{reported.hazard_report}", json=caller, headers=bearer(desk))
    assert noted.status_code == 204, noted.text
    site: dict[str, Any] = {"version": 1, "name_ru": "Школа № 5", "type": "school", "pcode": KADAMJAI}
    site["person_in_charge"] = {"name": "Head of the school"}
    saved = await client.put(f"/registry/v1/sites/{reported.site}", json=site, headers=bearer(desk))
    assert saved.status_code == 200, saved.text


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
