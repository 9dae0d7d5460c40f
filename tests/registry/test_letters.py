"""A person with the right reads a dead letter about displaced people. The security log records this."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from services.registry.config import RegistrySettings
from shared.auth.tokens import Role
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.seal import Opener, Sealer
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.letter_contents import content_of
from shared.messaging.letter_openings import LetterOpenings, forget
from shared.messaging.models import DeadLetterRow, LetterOpening
from shared.messaging.records import Record, UnreadableRecord
from shared.messaging.redrives import Redrives
from tests.installation import Installation
from tests.publishing import publishing
from tests.registry.conftest import AUTHOR, Office, opened
from tests.registry.factories import NOON, Desk, household

pytestmark = pytest.mark.anyio
OSH_OBLAST = "KG06000000000"


@pytest.fixture(scope="module")
async def one_office(shared_installation: Installation) -> AsyncIterator[Office]:
    async with opened(shared_installation) as office:
        yield office


async def set_aside(office: Office, body: dict[str, Any], offset: int) -> dict[str, Any]:
    settings = office.installation.settings(RegistrySettings)
    desk = Desk(office.installation.secrets / "seal")
    refused = UnreadableRecord(
        desk.record(desk.message(body, author=AUTHOR))._replace(offset=offset), "invalid", "/persons"
    )
    letters = DeadLetters("registry", Sealer(settings.seal_public_key_file))
    async with publishing(settings) as publisher:
        await publisher.publish(letters.letter(refused), timeout=30)
    name = {"topic": refused.record.topic, "partition": 0, "offset": offset}
    async with office.app.state.sessions.begin() as session:
        session.add(DeadLetterRow(**name, reason=refused.reason, pointer=refused.pointer))
    return name


async def wanted(office: Office, letter: dict[str, Any], **claims: Any) -> httpx.Response:
    token = office.installation.token(**{"roles": [Role.REGISTRAR], "areas": ("KG",), **claims})
    headers = {"authorization": f"Bearer {token}"}
    return await office.client.post("/v1/dead-letters:open", json=letter, headers=headers)


async def carry_out(office: Office) -> None:
    settings, sessions = office.installation.settings(RegistrySettings), office.app.state.sessions
    keys = Opener(settings.seal_private_keys)
    redrives = Redrives("registry", [], settings=settings, keys=keys)
    letters = LetterOpenings(redrives, EnvelopeEncryption(settings.registry_kek_file))
    async with sessions.begin() as session:
        openings = (await session.scalars(select(LetterOpening).filter_by(carried_out_at=None))).all()
    for opening in openings:
        execution = await letters.prepare(sessions, opening)
        async with sessions.begin() as session:
            stored = await session.get_one(LetterOpening, opening.decision_id)
            stored.result = await execution(session)
            stored.carried_out_at = datetime.now(UTC)


async def test_a_dead_letter_is_opened_once_with_a_purpose_and_in_the_readers_areas(office: Office) -> None:
    body = household()
    letter = await set_aside(office, body, 7)
    without = await wanted(office, letter, roles=[Role.DUTY_HEAD], purpose=None)
    assert without.json()["type"].endswith("purpose-needed")
    assert (await wanted(office, letter, roles=[Role.ADMINISTRATOR])).status_code == 403
    assert (await wanted(office, {**letter, "offset": 8})).status_code == 404
    account, elsewhere = uuid4(), uuid4()
    own = f"/v1/dead-letters/openings/{(await wanted(office, letter, account=account)).json()['opening_id']}"
    other = f"/v1/dead-letters/openings/{(await wanted(office, letter, account=elsewhere)).json()['opening_id']}"
    assert (await office.get(own, role=Role.REGISTRAR, account=account)).json()["is_ready"] is False
    await carry_out(office)
    async with office.app.state.sessions.begin() as session:
        stored = (await session.scalars(select(LetterOpening))).all()
    assert len(stored) == 2
    assert all(opening.sealed and "мост".encode() not in opening.sealed for opening in stored)
    assert (await office.get(own, role=Role.REGISTRAR)).status_code == 404  # another account requested this opening
    osh = await office.get(other, role=Role.REGISTRAR, account=elsewhere, areas=(OSH_OBLAST,))
    assert osh.status_code == 404
    opened = (await office.get(own, role=Role.REGISTRAR, account=account)).json()
    assert (opened["reason"], opened["pointer"], opened["is_whole"]) == ("invalid", "/persons", True)
    assert (opened["fields"]["notes"], opened["fields"]["members"][1]["given_name"]) == ("мост снесло", "Айгүл")
    assert "sealed" not in opened["fields"]
    [read] = await office.reads(account)
    assert read["objects"] == [UUID(body["household_id"]), UUID(body["report_id"])]
    assert read["subject"] == "GET /registry/v1/dead-letters/openings/{opening_id} displacements/0/7"
    # the content was deleted when it was read
    assert (await office.get(own, role=Role.REGISTRAR, account=account)).status_code == 404


async def test_a_content_that_nobody_reads_is_deleted(office: Office) -> None:
    opening = LetterOpening(account=uuid4(), reason="opened", topic="displacements", partition=0, offset=1)
    async with office.app.state.sessions.begin() as session:
        session.add(opening)
    for minutes, left in ((9, 1), (11, 0)):
        await forget(office.app.state.sessions, datetime.now(UTC) + timedelta(minutes=minutes))
        async with office.app.state.sessions.begin() as session:
            kept = (await session.scalars(select(LetterOpening).filter_by(account=opening.account))).all()
        assert len(kept) == left


def test_what_cannot_be_decrypted_is_shown_without_its_sealed_fields(tmp_path: Path) -> None:
    desk, keys = Desk(tmp_path), Opener(tmp_path / "private")
    record = desk.record(desk.message(household(), author=AUTHOR))
    assert content_of(record, keys)["fields"]["phone"] == "+996 555 123456"
    without = content_of(record, None)  # only the registry has private keys
    assert (without["fields"]["persons"], without["is_whole"]) == (5, False)
    assert not {"phone", "sealed"} & set(without["fields"])
    Desk(tmp_path / "other")  # the missing private key must not delay the opening of a letter
    assert content_of(record, Opener(tmp_path / "other" / "private")) == without
    altered = content_of(record._replace(value=record.value.replace(b'"persons":5', b'"persons":6')), keys)
    assert (altered["fields"]["persons"], altered["is_whole"]) == (6, False)
    assert "phone" not in altered["fields"]
    deep = record._replace(value=b'{"a":' * 300 + b"1" + b"}" * 300)
    assert content_of(deep, keys)["text"] == deep.value.decode()  # a JSON answer cannot have 300 levels
    broken = Record("displacements", 0, 0, int(NOON.timestamp()), b"", b'{"persons": "\xff', ())
    assert content_of(broken, keys) == {
        "fields": None,
        "text": '{"persons": "\N{REPLACEMENT CHARACTER}',
        "is_whole": True,
    }
