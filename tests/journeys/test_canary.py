"""Sends invented personal data as values and as field names. Then searches for the data in all files and output."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest

from services.intake.config import IntakeSettings
from services.intake.spool import segments
from shared.events import Message
from shared.events.topics import SERVICES
from tests.clusters import cluster_of
from tests.components import components
from tests.forging import forge
from tests.installation import Ground, Installation
from tests.journeys.canaries import BYPASSING_INTAKE, THROUGH_INTAKE
from tests.journeys.count import count_check, drained, everything
from tests.journeys.searched import LEAKY, REFUSED, Journey, findings
from tests.otlp import collecting
from tests.registry.factories import Desk, household

pytestmark = pytest.mark.components
# Some records bypass intake and become dead letters. Maps each reason to their number.
REASONS = {
    "malformed": 6,
    "seal_mismatch": 2,
    "signature_mismatch": 1,
    "unknown_type": 1,
    "failed:CharacterNotInRepertoireError:22021": 1,
}
PAGES = (
    "/intake/metrics",
    "/registry/metrics",
    "/alerts/metrics",
    "/metrics",
    "/intake/ready",
    "/registry/ready",
    "/alerts/ready",
    "/ready",
    "/intake/v1/ledger",
    "/intake/v1/ledger/consumer",
    "/intake/v1/receipts",
    "/my-reports",
    "/waiting",
    "/map",
    "/wall",
    "/accounts",
    "/manual",
    "/search?kind=groups",
    "/areas/KG05258000000",
    "/search/export?kind=hazards",
    "/alerts/statistics?by=area",
    "/alerts/statistics/export",
    "/console/v1/map/hazards",
    "/console/v1/map/displaced",
    "/console/v1/map/localities",
    "/registry/v1/counts:differing",
    "/registry/v1/held",
    "/registry/v1/held:persons",
    "/registry/v1/ledger",
    "/alerts/v1/ledger",
    "/console/v1/ledger",
    "/",
    "/ledger",
    "/registry/v1/statistics/stock",
    "/registry/v1/statistics/flows",
    "/registry/v1/statistics/movements",
    "/registry/v1/statistics/duration",
    "/registry/v1/statistics/needs",
    "/registry/figures",
    "/registry/figures/history",
    "/registry/figures/movements",
    f"/registry/hazards/{uuid4()}/households",
)


@pytest.fixture
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journey]:
    """An installation with servers of its own, because the test searches every byte of the servers' files."""
    with components(own=True, cluster=cluster_of(request.config)) as own, collecting() as collector:
        installation = Installation(Ground(own), tmp_path / "installation", partitions=2)
        web = installation.web(env=collector.env)
        for service in SERVICES:
            installation.start(service, "worker", env=collector.env)
        yield Journey(installation, web.base_url, collector)
        installation.end_processes()


async def test_personal_data_is_only_where_it_may_be(journey: Journey) -> None:
    token = journey.installation.token(roles=["field", "operator", "registrar"], team=uuid4())
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(journey.listen(token))
        await take_in(journey, token)
        await refuse(journey, token)
        await keep_a_site(journey, token)
        await send_a_sheet(journey, token)
        await search(journey, token)
        await wait_in_the_spool(journey, token)
        await count_check(journey.installation, journey.sent)
        await find_and_open(journey, token)
        await publish_bad_records(journey)
        await keep_an_account(journey)
        await look_at_the_pages(journey)
        listening.cancel()
    assert any(where == "SSE" and line.startswith(b"data") for where, line in journey.content)
    assert {"POST /intake/v1/displacements", "process displacements"} <= journey.collector.durations.keys()
    journey.content.extend((f"telemetry {path}", body) for path, body in journey.collector.bodies)
    leaks = [finding async for finding in findings(journey)]
    assert not leaks, "\n".join(leaks)


async def take_in(journey: Journey, token: str) -> None:
    first = THROUGH_INTAKE.household()
    corrected = {**first, "version": 2, "notes": THROUGH_INTAKE.notes + "!"}
    # intake stores the unknown code as `other`, and its text in the notes
    unknown_code = THROUGH_INTAKE.household(reasons=[THROUGH_INTAKE.notes])
    for body in (first, first, THROUGH_INTAKE.group(), corrected, unknown_code):
        assert (await journey.report(body, token)).is_success
    assert (await journey.report({**first, "notes": THROUGH_INTAKE.notes + "?"}, token)).status_code == 409


async def refuse(journey: Journey, token: str) -> None:
    canary, url = THROUGH_INTAKE, "/intake/v1/displacements"
    for body in canary.wrong():
        assert (await journey.report(body, token)).status_code == 422, body
    whole = json.dumps(canary.household())
    for raw in (whole[:-1], "[" * 5000 + canary.notes, canary.notes, f'{{"{canary.field}": {{"{canary.field}": '):
        assert (await journey.ask("POST", url, token=token, content=raw)).status_code in (400, 422)
    huge = json.dumps(canary.household(notes=canary.notes * 20_000))
    assert (await journey.ask("POST", url, token=token, content=huge)).status_code == 413
    assert (await journey.ask("POST", url, content=whole)).status_code == 401
    assert (await journey.ask("POST", url, content=whole, token=canary.person["personal_number"])).status_code == 401
    viewer = journey.installation.token(roles=["viewer"])
    assert (await journey.ask("POST", url, content=whole, token=viewer)).status_code == 403
    batch = await journey.ask("POST", "/intake/v1/reports:batch", token=token, json=canary.wrong())
    assert {result["status"] for result in batch.json()["results"]} <= {"refused", 422}
    query = f"?{quote(canary.field)}={quote(canary.notes)}&cursor={quote(canary.notes)}&area={quote(canary.notes)}"
    for path in (
        "/registry/v1/households",
        "/alerts/v1/alerts",
        f"/registry/v1/households/{quote(canary.person['phone'])}",
    ):
        await journey.ask("GET", path + query, token=token)


async def keep_a_site(journey: Journey, token: str) -> None:
    canary, path = THROUGH_INTAKE, f"/registry/v1/sites/{uuid4()}"
    person = {"name": canary.person["family_name"], "phone": canary.person["phone"]}
    site = {"version": 1, "name_ru": "Школа", "type": "school", "pcode": "KG05258000000", "person_in_charge": person}
    for body, status in (
        (site, 200),
        ({**site, canary.field: 1}, 422),
        ({**site, "pcode": canary.notes}, 422),
        ({**site, "person_in_charge": {**person, canary.field: 1}}, 422),
        ({**site, "person_in_charge": {"name": canary.notes * 9, "phone": canary.notes}}, 422),
        ({**site, "capacity": 9}, 409),
    ):
        assert (await journey.ask("PUT", path, token=token, json=body)).status_code == status, body
    row = f"{canary.notes},KG05258000000,{person['name']},{canary.notes}"
    for sheet, status in ((f"type,pcode,person_in_charge,phone\n{row}\n", 200), (f"type,pcode,{canary.field}\n", 422)):
        answer = await journey.ask("POST", "/registry/v1/sites:import", token=token, content=sheet.encode())
        assert answer.status_code == status, answer.text
    await journey.ask("GET", "/registry/v1/sites", token=token)
    await journey.open("GET", path.replace("/v1", ""), token)


async def send_a_sheet(journey: Journey, token: str) -> None:
    canary, path = THROUGH_INTAKE, "/intake/v1/household-sheets"
    header = "ФИО;Телефон;ИНН;Кол-во человек;Откуда;Куда;Дата;Примечание"
    person = ";".join(canary.person[name] for name in ("family_name", "phone", "personal_number"))
    lines = (header, f"{person};1;Кадамжай;Лейлек;20.06.2026;{canary.notes}", ";".join([canary.notes] * 8))
    content = "\n".join(lines).encode()
    for act in ("check", "send", "send"):
        answer = await journey.ask("POST", f"{path}:{act}", token=token, content=content)
        assert answer.status_code == 200, answer.text
        journey.sent.answered_sheet(LEAKY, answer)
    query = f"?{quote(canary.field)}={quote(canary.notes)}&columns={quote(canary.notes)}"
    assert (await journey.ask("POST", f"{path}:check{query}", token=token, content=content)).status_code == 422
    assert (await journey.ask("POST", f"{path}:check", token=token, content=b"\0" + content)).status_code == 422


async def search(journey: Journey, token: str) -> None:
    """Searches for the person in a district where the person is not. Also sends searches that are refused with 422."""
    canary, nowhere = THROUGH_INTAKE, {"area": "KG06226000000"}
    person = {name: canary.person[name] for name in ("phone", "personal_number")}
    name = f"{canary.person['family_name']} {canary.person['given_name']}"
    for body, status in (
        ({"name": name, **nowhere}, 200),
        ({**person, **nowhere}, 200),
        ({"locality": canary.notes, **nowhere}, 200),
        ({"name": name, canary.field: 1}, 422),
        ({"name": canary.notes * 9}, 422),
        ({"phone": canary.notes}, 422),
        ({"personal_number": canary.notes}, 422),
        ({"code": canary.notes}, 422),
        ({"name": name, "cursor": canary.notes}, 422),
    ):
        for path in ("/registry/v1/households:search", "/registry/search"):
            assert (await journey.ask("POST", path, token=token, json=body)).status_code == status, body


async def find_and_open(journey: Journey, token: str) -> None:
    canary, search = THROUGH_INTAKE, "/registry/v1/households:search"
    name = f"{canary.person['family_name']} {canary.person['given_name']}"
    criteria = {"name": name, "phone": canary.person["phone"]}
    found = (await journey.open("POST", search, token, json=criteria)).json()["households"]
    assert len(found) > 1
    assert canary.person["family_name"] in (await journey.open("POST", "/registry/search", token, json=criteria)).text
    household_id = found[0]["household_id"]
    api = f"/registry/v1/households/{household_id}"
    for path in (api, f"{api}/history", f"{api}/duplicates", f"/registry/households/{household_id}"):
        assert canary.person["family_name"] in (await journey.open("GET", path, token)).text


async def wait_in_the_spool(journey: Journey, token: str) -> None:
    """Reads the spool while a record waits there for the broker. The test later searches the read content."""
    journey.installation.components.kafka.kill9()
    response = await journey.report(THROUGH_INTAKE.household(), token)
    assert response.json()["status"] == "spooled"
    folder = journey.installation.settings(IntakeSettings).spool_folder
    waiting = [file for inner in folder.glob("*/") for file in segments(inner)]
    assert waiting
    journey.content.extend((f"spool/{file.name}", file.read_bytes()) for file in waiting)
    journey.installation.components.kafka.start()


async def publish_bad_records(journey: Journey) -> None:
    canary, record = BYPASSING_INTAKE, (await everything(journey.installation, LEAKY, "registry"))[0]
    good = Message(LEAKY, record.key, record.value, tuple(record.headers))
    desk, data = Desk(journey.installation.secrets / "seal"), json.loads(good.value)
    strange = json.dumps({**data, "persons": canary.notes, "report_id": canary.person["personal_number"]}).encode()
    await journey.publish(
        good._replace(value=json.dumps({**data, **canary.person, canary.field: 1}, ensure_ascii=False).encode()),
        good._replace(value=strange),
        good._replace(value=canary.notes.encode()),
        good._replace(value=json.dumps(canary.household()).encode()),
        good._replace(value=strange, key=canary.person["phone"].encode()),
        good._replace(value=b"{}", headers=(*good.headers, (canary.field, canary.person["given_name"].encode()))),
        good._replace(headers=renamed(good, "ce_type", canary.notes)),
        good._replace(headers=renamed(good, "ce_id", canary.person["personal_number"])),
        good._replace(headers=renamed(good, "ce_id", str(uuid4()))),
        # The registry accepts a report with unknown fields, and ignores the fields.
        desk.message(household(), author=uuid4(), unknown={**canary.person, canary.field: 1}),
        # Only the NUL in the next report is invalid: the worker decrypts the record, and PostgreSQL refuses its row.
        desk.message(household(), author=uuid4(), places_version=REFUSED + "\0"),
    )
    await forge(journey.installation, "intake", good._replace(value=strange))
    standing = await drained(journey.installation)
    assert not standing.unbalanced
    token = journey.installation.token(roles=["operator"])
    letters = (await journey.ask("GET", "/registry/v1/ledger", token=token)).json()["dead_letters"]
    assert Counter(letter["reason"] for letter in letters) == REASONS
    assert standing.kinds["registry", LEAKY]["set_aside"] == sum(REASONS.values())


def renamed(message: Message, header: str, value: str) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, value.encode() if name == header else was) for name, was in message.headers)


async def look_at_the_pages(journey: Journey) -> None:
    everyone = journey.installation.token(roles=["operator", "duty_head", "administrator", "analyst", "viewer"])
    for path in PAGES:
        await journey.ask("GET", path, token=everyone)


async def keep_an_account(journey: Journey) -> None:
    token, phone = journey.installation.token(roles=["administrator"]), THROUGH_INTAKE.person["phone"]
    typed = {"name": "canary", "roles": "operator", "areas": "KG", "language": "ky", "telephone": phone}
    added = await journey.ask("POST", "/accounts", token=token, data=typed)
    path = re.search("/accounts/[0-9a-f-]{36}", added.text)
    assert path and phone in (await journey.open("GET", path[0], token)).text
