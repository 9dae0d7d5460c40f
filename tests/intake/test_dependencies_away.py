"""Intake works without Valkey, without Kafka, and without both."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from functools import partial
from uuid import uuid4

import httpx
import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from services.intake import spool as spools
from services.intake.config import IntakeSettings
from shared.auth.tokens import Role
from shared.events import Message
from tests.installation import Installation
from tests.intake.conftest import DISPLACEMENTS, HAZARDS, RunningIntake, opened
from tests.intake.factories import hazard, household
from tests.intake.sealing import sealed
from tests.journeys.count import everything
from tests.patient import patient_deduplication, patient_intake, patient_kafka
from tests.waiting import wait_for

ACCOUNT = uuid4()
SOON = 35  # seconds; an idle machine needs at most 2, and a Kafka client alone waits for 40


@pytest.fixture
async def own_intake(killable_installation: Installation) -> AsyncIterator[RunningIntake]:
    async with opened(killable_installation, intake_spool_bytes=20_000, patience=nullcontext) as made:
        yield made


async def test_intake_accepts_reports_while_its_dependencies_are_unavailable(own_intake: RunningIntake) -> None:
    caller, body = own_intake.caller(), household()
    components = own_intake.installation.components
    with patient_intake():
        assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "accepted"

    components.valkey.freeze()
    # the fingerprints in Valkey are missing, so the repeated report is published once more
    with patient_kafka():
        assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "accepted"
    components.valkey.resume()

    with own_intake.installation.redis() as valkey:
        valkey.flushdb()

    async def remembered() -> bool:
        return bool((await caller.post(DISPLACEMENTS, body)).json()["status"] == "duplicate")

    await wait_for(remembered)

    components.kafka.freeze()
    spooled = household()
    with patient_deduplication():
        assert (await caller.post(DISPLACEMENTS, spooled)).json()["status"] == "spooled"
        assert (await caller.post(DISPLACEMENTS, spooled)).json()["status"] == "duplicate"
    assert (await caller.post(DISPLACEMENTS, {**spooled, "version": 2})).json()["status"] == "spooled"
    answers = [await caller.post(DISPLACEMENTS, household()) for _ in range(20)]
    full = [answer for answer in answers if answer.status_code == 503]
    assert full
    assert full[0].headers["retry-after"] == "5"
    ready = (await own_intake.http.get("/ready")).json()
    assert ready["dependencies"]["kafka"] is False
    components.kafka.resume()

    await wait_for(partial(is_drained, own_intake), timeout=60)
    assert await spool(own_intake) == {"records": 0, "bytes": 0, "damaged": 0}
    with patient_intake():
        assert (await caller.post(DISPLACEMENTS, household())).json()["status"] == "accepted"
    counts = await own_intake.counts()
    assert counts["sent"] == sum(counts[name] for name in ("accepted", "spooled", "duplicate", "refused"))


@pytest.mark.parametrize("is_frozen", [True, False], ids=["frozen", "killed"])
async def test_a_silent_valkey_does_not_delay_reports(own_intake: RunningIntake, is_frozen: bool) -> None:
    """The reports are sent in sequence.

    If each report waited for Valkey, the test would measure the sum of these waits.
    """
    valkey = own_intake.installation.components.valkey
    valkey.freeze() if is_frozen else valkey.kill9()
    began = time.monotonic()
    with patient_kafka():
        for _ in range(30):
            assert (await own_intake.caller().post(DISPLACEMENTS, household())).json()["status"] == "accepted"
    assert time.monotonic() - began < 4 * SOON
    valkey.resume() if is_frozen else valkey.start()
    body = household()

    async def is_remembered() -> bool:
        return bool(
            (await own_intake.caller(account=ACCOUNT).post(DISPLACEMENTS, body)).json()["status"] == "duplicate"
        )

    await wait_for(is_remembered, timeout=60)


async def test_reports_spooled_before_a_restart_are_published_after_it(killable_installation: Installation) -> None:
    async with opened(killable_installation, patience=patient_deduplication) as intake:
        killable_installation.components.kafka.freeze()
        answers = await asyncio.gather(*(intake.caller().post(DISPLACEMENTS, household()) for _ in range(50)))
        assert {answer.json()["status"] for answer in answers} == {"spooled"}
    killable_installation.components.kafka.resume()
    folder = killable_installation.settings(IntakeSettings).spool_folder
    assert list(folder.glob("*/*.spool"))
    async with opened(killable_installation) as intake:
        await wait_for(lambda: not list(folder.glob("*/*.spool")), timeout=60)
        assert (await intake.caller().post(DISPLACEMENTS, household())).json()["status"] == "accepted"


async def test_the_spool_holds_nothing_readable_of_a_report_that_a_phone_sealed(own_intake: RunningIntake) -> None:
    own_intake.installation.components.kafka.freeze()
    body = sealed(household(), (await own_intake.http.get("/field/key")).json())
    assert (await own_intake.caller().post(f"{DISPLACEMENTS}:sealed", body)).json()["status"] == "spooled"
    files = [file for file in (own_intake.installation.folder / "state").rglob("*") if file.is_file()]
    [spooled] = [file for file in files if body["report_id"].encode() in file.read_bytes()]
    assert spooled.suffix == ".spool"
    for name in ("Айгүл", "996 555 010203", r"\u0410"):
        assert not [file for file in files if name.encode() in file.read_bytes()]


async def test_a_start_does_not_wait_for_a_frozen_broker(killable_installation: Installation) -> None:
    """A frozen broker accepts connections but never answers. A Kafka client alone would wait for forty seconds."""
    killable_installation.components.kafka.freeze()
    began = time.monotonic()
    async with opened(killable_installation, is_whole=False, patience=patient_deduplication) as intake:
        answer = await intake.caller().post(DISPLACEMENTS, household())
        assert answer.json()["status"] == "spooled"
        assert time.monotonic() - began < SOON
        killable_installation.components.kafka.resume()
        await wait_for(partial(is_ready, intake.http, "/ready"), timeout=60)
        await wait_for(partial(is_drained, intake), timeout=60)


@pytest.mark.parametrize("is_frozen", [True, False], ids=["frozen", "away"])
async def test_the_process_of_all_four_apps_accepts_reports_without_kafka_and_postgresql(
    killable_installation: Installation, is_frozen: bool
) -> None:
    components = killable_installation.components
    for component in (components.kafka, components.postgres):
        component.freeze() if is_frozen else component.kill9()
    web, body = killable_installation.web(has_broker=False), household()
    async with httpx.AsyncClient(base_url=f"{web.base_url}/intake", timeout=30) as http:
        caller = RunningIntake(killable_installation, http).caller()
        assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "spooled"
        for component in (components.kafka, components.postgres):
            component.resume() if is_frozen else component.start()
        for app in ("", "/registry", "/alerts", "/intake"):
            await wait_for(partial(is_ready, http, f"{web.base_url}{app}/ready"), timeout=60)
        await wait_for(partial(is_drained, RunningIntake(killable_installation, http)), timeout=60)
        [record] = await everything(killable_installation, "displacements", "registry")
        assert body["report_id"] in str(record.value)


async def test_a_spooled_record_too_big_for_the_broker_delays_no_other(installation: Installation) -> None:
    folder = installation.settings(IntakeSettings).spool_folder / "of one who died"
    folder.mkdir(parents=True)
    headers = (("ce_id", b"1"),)
    lines = [Message("hazards", b"key", b"x" * size, headers) for size in (10, 2 << 20, 20)]
    (folder / "1.spool").write_bytes(b"".join(map(spools.line, lines)))
    async with opened(installation) as intake:
        await wait_for(partial(is_drained, intake), timeout=60)
        assert (await spool(intake))["damaged"] == 1
        published = await everything(installation, "hazards", "alerts")
        assert {len(record.value) for record in published} == {10, 20}
        assert (await intake.caller().post(DISPLACEMENTS, household())).json()["status"] == "accepted"


async def test_a_report_set_aside_as_too_big_is_accepted_when_it_is_sent_again(
    killable_installation: Installation,
) -> None:
    """The broker's size limit was lowered, so intake sets a long report aside.

    Then the report's author sends a shorter version.
    """
    members = [{"member_id": str(uuid4()), "relationship": "child", "given_name": "Айбек"} for _ in range(40)]
    long = household(persons=40, members=members)
    short = {**long, "persons": 2, "members": members[:2]}
    await asyncio.to_thread(limit_records, killable_installation, "displacements", 3_000)
    kafka = killable_installation.components.kafka
    async with opened(killable_installation, patience=patient_deduplication) as intake:
        caller = intake.caller()
        kafka.freeze()
        for body in (long, household()):
            assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "spooled"
        assert (await caller.post(DISPLACEMENTS, long)).json()["status"] == "duplicate"
        kafka.resume()
        await wait_for(partial(is_drained, intake), timeout=60)
        assert (await spool(intake))["damaged"] == 1
        assert len(await everything(killable_installation, "displacements", "registry")) == 1
        with patient_intake():
            assert (await caller.post(DISPLACEMENTS, short)).json()["status"] == "accepted"
            assert (await caller.post(DISPLACEMENTS, short)).json()["status"] == "duplicate"


async def test_a_release_set_aside_as_too_big_is_accepted_when_it_is_sent_again(
    killable_installation: Installation,
) -> None:
    """The record of a publication names no account. Only the fingerprint of a publication names the account."""
    event = hazard(source="cmc", source_id=f"{uuid4()}/1", text={"ru": {"headline": "Звонил староста"}})
    fields = {name: event[name] for name in event if name != "severity"} | {"released_revision": 1, "revision": 2}
    short = {**fields, "report_id": str(uuid4()), "text": {"en": {"headline": "Rockfall"}}}
    long = {**short, "text": {"en": {"headline": "Rockfall", "description": "The road is closed. " * 200}}}
    await asyncio.to_thread(limit_records, killable_installation, "hazards", 3_000)
    kafka = killable_installation.components.kafka
    async with opened(killable_installation, patience=patient_deduplication) as intake:
        caller = intake.caller(Role.OPERATOR)
        kafka.freeze()
        assert (await caller.post(HAZARDS, long)).json()["status"] == "spooled"
        kafka.resume()
        await wait_for(partial(is_drained, intake), timeout=60)
        assert (await spool(intake))["damaged"] == 1
        with patient_intake():
            assert (await caller.post(HAZARDS, short)).json()["status"] == "accepted"
            assert (await caller.post(HAZARDS, short)).json()["status"] == "duplicate"


async def test_the_published_record_of_a_spooled_release_names_no_account(killable_installation: Installation) -> None:
    account = uuid4()
    event = hazard(source="cmc", source_id=f"{uuid4()}/1", text={"ru": {"headline": "Звонил староста"}})
    body = {name: event[name] for name in event if name != "severity"} | {"released_revision": 1, "revision": 2}
    kafka = killable_installation.components.kafka
    async with opened(killable_installation, patience=patient_deduplication) as intake:
        kafka.freeze()
        answer = await intake.caller(Role.OPERATOR, account=account).post(HAZARDS, body)
        assert answer.json()["status"] == "spooled"
        kafka.resume()
        await wait_for(partial(is_drained, intake), timeout=60)
        [record] = await everything(killable_installation, "hazards", "alerts")
        assert "name" not in dict(record.headers)
        assert account.hex not in str((record.headers, record.value)).replace("-", "")


def limit_records(installation: Installation, topic: str, size: int) -> None:
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    name = f"{installation.topic_prefix}{topic}"
    resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry])
    admin = installation.components.broker.admin()  # the variable keeps the Kafka client open
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(timeout=60)


async def spool(intake: RunningIntake) -> dict[str, int]:
    spool: dict[str, int] = (await intake.caller(Role.OPERATOR).get("/v1/ledger")).json()["spool"]
    return spool


async def is_drained(intake: RunningIntake) -> bool:
    return (await spool(intake))["records"] == 0


async def is_ready(http: httpx.AsyncClient, url: str) -> bool:
    return (await http.get(url)).status_code == 200


async def test_a_receipt_is_refused_rather_than_wrong_while_a_dependency_is_away(own_intake: RunningIntake) -> None:
    components, caller, body = own_intake.installation.components, own_intake.caller(account=ACCOUNT), household()
    path = f"/v1/receipts/{body['report_id']}"
    with patient_intake():
        assert (await caller.post(DISPLACEMENTS, body)).json()["status"] == "accepted"
        assert (await caller.get(path)).json()["state"] == "received"
    components.valkey.freeze()
    assert (await caller.get(path)).status_code == 503
    components.valkey.resume()
    components.postgres.kill9()
    assert (await caller.get(path)).status_code == 503
    with patient_kafka():
        assert (await caller.post(DISPLACEMENTS, household())).json()["status"] == "accepted"
    components.postgres.start()
    await wait_for(lambda: is_received(own_intake, path), timeout=60)


async def is_received(intake: RunningIntake, path: str) -> bool:
    answer = await intake.caller(account=ACCOUNT).get(path)
    return answer.status_code == 200 and answer.json()["state"] == "received"
