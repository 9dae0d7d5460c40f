"""Phones seal reports to intake's public key. Intake opens sealed reports, and admits them like readable reports."""

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cli.transactions import within
from services.intake import phone_key_uses, phone_keys
from services.intake.config import IntakeSettings
from services.intake.phone_keys import PhoneKeys, UnknownKey
from services.intake.refusals import REPORT_BYTES
from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.crypto.seal import SealMismatch, decode, encode
from shared.events.vocabulary import SubmissionChannel
from tests.installation import Installation, wait_for
from tests.intake.conftest import DISPLACEMENTS, HAZARDS, RunningIntake, opened
from tests.intake.factories import group, hazard, household
from tests.intake.records import records
from tests.intake.sealing import box, sealed

SEALED, KEY = f"{DISPLACEMENTS}:sealed", "/field/key"
NO_SUCH_KEY = "urn:dayar:problem:no-such-phone-key"


async def key_of(intake: RunningIntake) -> dict[str, str]:
    answer = await intake.http.get(KEY)
    assert answer.headers["cache-control"] == "no-cache"
    key: dict[str, str] = answer.json()
    return key


async def test_a_sealed_report_is_admitted_like_a_report_in_clear(intake: RunningIntake) -> None:
    report, caller = household(), intake.caller()
    body = sealed(report, await key_of(intake))
    assert "Айгүл" not in str(body) and report["phone"].encode() not in decode(body["data"])
    answer = await caller.post(SEALED, body)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    assert (await caller.post(SEALED, body)).json()["status"] == "duplicate"
    assert (await caller.post(DISPLACEMENTS, report)).json()["status"] == "duplicate"
    [record] = await records(intake.installation, "displacements", report["report_id"])
    assert record.opened.sealed["members"][0]["given_name"] == "Айгүл"


async def test_the_version_of_a_sealed_report_is_the_one_outside(intake: RunningIntake) -> None:
    """The version is outside the seal.

    A phone that cannot open its report can therefore send it as the next version.
    """
    report, key, caller = group(), await key_of(intake), intake.caller()
    assert (await caller.post(SEALED, sealed(report, key))).status_code == 202
    changed = sealed({**report, "persons": 121}, key)
    assert (await caller.post(SEALED, changed)).status_code == 409
    assert (await caller.post(SEALED, {**changed, "version": 2})).status_code == 202
    found = await records(intake.installation, "displacements", report["report_id"])
    assert [(record.opened.clear.version, record.opened.clear.persons) for record in found] == [(1, 120), (2, 121)]


async def test_errors_in_a_sealed_report_name_its_fields(intake: RunningIntake) -> None:
    body = sealed(household(persons=-1, Айгүл=1), await key_of(intake))
    answer = await intake.caller().post(SEALED, body)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/persons", "/?"}
    assert "Айгүл" not in answer.text


async def test_only_the_account_that_sealed_a_report_can_send_it(intake: RunningIntake) -> None:
    """A sealed report may be copied from a phone. Intake does not open the copy for another account."""
    author, finder = uuid4(), uuid4()
    report = household()
    body = sealed(report, await key_of(intake), account=str(author))
    foreign = await intake.caller(account=finder).post(SEALED, body)
    assert (foreign.status_code, foreign.json()["type"]) == (403, "urn:dayar:problem:not-your-report")
    unbound = {name: value for name, value in body.items() if name != "account"}
    for taken in (unbound, {**body, "account": str(finder)}):
        answer = await intake.caller(account=finder).post(SEALED, taken)
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/data"]
    assert await records(intake.installation, "displacements", report["report_id"]) == []
    assert (await intake.caller(account=author).post(SEALED, body)).status_code == 202


async def test_only_a_phone_sends_sealed_reports(intake: RunningIntake) -> None:
    """Only phones may send sealed reports.

    On another channel, the author could read the sealed fields in the registry.
    """
    body = sealed(household(), await key_of(intake))
    answer = await intake.caller(channel=SubmissionChannel.API).post(SEALED, body)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:dayar:problem:not-your-report")


OBSERVED_HAZARDS = f"{HAZARDS}:sealed"


def observed(**changed: Any) -> dict[str, Any]:
    stated = hazard(**changed)
    return {name: value for name, value in stated.items() if name not in {"source", "source_id"} - changed.keys()} | {
        "kind": "hazard"
    }


async def test_a_hazard_that_a_field_team_saw_has_the_source_of_its_account(intake: RunningIntake) -> None:
    """Intake sets the source.

    If phones stated the source, a person could report under the id of another account's hazard.
    """
    key, account, seen = await key_of(intake), uuid4(), observed()
    caller = intake.caller(account=account)
    for version in (1, 2):
        answer = await caller.post(OBSERVED_HAZARDS, sealed({**seen, "version": version}, key, account=str(account)))
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    reported, updated = await records(intake.installation, "hazards-restricted", seen["report_id"])
    assert [event.type.split(".")[2] for event in (reported, updated)] == ["reported", "updated"]
    assert (reported.data.source, reported.data.source_id) == ("field", f"{account}/{seen['report_id']}")
    assert reported.data.hazard_id == updated.data.hazard_id
    foreign = hazard(source="field", source_id=reported.data.source_id, revision=3, msg_type="Cancel")
    assert (await intake.caller(Role.OPERATOR).post(HAZARDS, foreign)).status_code == 403
    assert (await intake.caller(expires_in=-60).post(OBSERVED_HAZARDS, sealed(observed(), key))).status_code == 401
    for changed in ({"source": "usgs"}, {"source_id": "1"}, {"released_revision": 1}, {"msg_type": "Cancel"}):
        assert (await caller.post(OBSERVED_HAZARDS, sealed(observed(**changed), key))).status_code == 422, changed


def altered(data: str) -> str:
    raw = bytearray(decode(data))
    raw[-1] ^= 1
    return encode(bytes(raw))


async def test_a_report_that_is_altered_or_moved_to_another_id_is_refused(intake: RunningIntake) -> None:
    key = await key_of(intake)
    body, other = sealed(household(), key), household()
    for changed in ({"data": altered(body["data"])}, {"report_id": other["report_id"]}, {"data": "AAAA"}):
        answer = await intake.caller().post(SEALED, {**body, **changed})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/data"]


@pytest.mark.parametrize("plain", [b"", b"null", b"[]", b"{}", b"{", b'{"kind":1}', b"\xff", b"[" * 100_000])
async def test_anything_can_be_inside_and_is_answered(intake: RunningIntake, plain: bytes) -> None:
    key, report = await key_of(intake), household()
    data = box(plain, key, f"dayar/phone/v1\0{key['kid']}\0{report['report_id']}")
    answer = await intake.caller().post(SEALED, {"report_id": report["report_id"], "kid": key["kid"], "data": data})
    assert answer.status_code == 422, answer.text


MISSING: list[dict[str, Any]] = [
    {"kid": "../../seal"},
    {"data": "a+b"},
    {"version": 0},
    {"report_id": "1"},
    {"more": 1},
]


@pytest.mark.parametrize("changed", MISSING)
async def test_an_envelope_that_is_not_as_expected_is_refused(intake: RunningIntake, changed: dict[str, Any]) -> None:
    body = {**sealed(household(), await key_of(intake)), **changed}
    assert (await intake.caller().post(SEALED, body)).status_code == 422


async def test_a_sealed_report_has_the_size_limit_of_a_report_in_clear(intake: RunningIntake) -> None:
    key, report = await key_of(intake), household()
    for spaces, status in ((REPORT_BYTES - 2_000, 202), (REPORT_BYTES, 413)):
        plain = sealed_plain(report) + b" " * spaces
        data = box(plain, key, f"dayar/phone/v1\0{key['kid']}\0{report['report_id']}")
        answer = await intake.caller().post(SEALED, {"report_id": report["report_id"], "kid": key["kid"], "data": data})
        assert answer.status_code == status, spaces
    assert (await intake.caller().post(SEALED, content=b" " * 400_000)).status_code == 413


def sealed_plain(report: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in report.items() if name != "report_id"}).encode()


async def test_after_a_rotation_reports_sealed_to_the_older_key_are_opened(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "FRESH_SECONDS", 0)
    async with opened(installation) as intake:
        old = await key_of(intake)
        before = sealed(household(), old)
        keyring.draw(installation.secrets / "phones-key")
        new = await key_of(intake)
        assert new["kid"] > old["kid"] and new["public"] != old["public"]
        for body in (before, sealed(household(), new)):
            assert (await intake.caller().post(SEALED, body)).status_code == 202


async def test_a_report_sealed_to_a_destroyed_key_is_refused_by_a_problem_of_its_own(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phone must keep the report, because a restored backup may bring the key back."""
    folder = installation.secrets / "phones-key"
    monkeypatch.setattr(phone_keys, "REREAD_SECONDS", 0)
    async with opened(installation) as intake:
        body = sealed(household(), await key_of(intake))
        keyring.draw(folder)
        file = folder / f"{body['kid']}.key"
        content = file.read_bytes()
        file.unlink()
        monkeypatch.setattr(keyring, "FRESH_SECONDS", 0)
        await key_of(intake)  # a request for the key makes intake read the folder of keys anew
        answer = await intake.caller().post(SEALED, body)
        assert (answer.status_code, answer.json()["type"]) == (422, NO_SUCH_KEY)
        file.write_bytes(content)
        assert (await intake.caller().post(SEALED, body)).status_code == 202


async def test_a_sealed_report_needs_an_account_that_reports(intake: RunningIntake) -> None:
    body = sealed(household(), await key_of(intake))
    assert (await intake.http.post(SEALED, json=body)).status_code == 401
    assert (await intake.caller(Role.VIEWER).post(SEALED, body)).status_code == 403


def test_a_key_file_gives_the_same_pair_in_every_process(tables: Installation) -> None:
    folder = tables.secrets / "phones-key"
    assert PhoneKeys(folder).newest == PhoneKeys(folder).newest
    keyring.draw(folder)
    assert len(decode(PhoneKeys(folder).newest.public)) == 65


async def test_each_answer_names_the_key_that_is_used(intake: RunningIntake) -> None:
    key, caller = await key_of(intake), intake.caller()
    for body in (sealed(household(), key), {}):
        assert (await caller.post(SEALED, body)).headers["dayar-phone-key"] == key["kid"]


@pytest.mark.parametrize("repeated", ["report_id", "version"])
async def test_a_field_outside_the_seal_is_not_taken_from_inside(intake: RunningIntake, repeated: str) -> None:
    """A field outside the seal must not be repeated inside: readers of JSON use the last value of a repeated field."""
    key, report = await key_of(intake), household()
    inside = {**report, "version": 7, "report_id": household()["report_id"]}
    content = {
        name: value for name, value in inside.items() if name == repeated or name not in ("report_id", "version")
    }
    data = box(json.dumps(content).encode(), key, f"dayar/phone/v1\0{key['kid']}\0{report['report_id']}")
    answer = await intake.caller().post(SEALED, {"report_id": report["report_id"], "kid": key["kid"], "data": data})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{repeated}"]


def test_unknown_keys_make_intake_read_the_folder_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.draw(tmp_path)
    keys = PhoneKeys(tmp_path)
    monkeypatch.setattr(phone_keys, "REREAD_SECONDS", 0)
    eager = PhoneKeys(tmp_path)
    added = keyring.draw(tmp_path)
    with pytest.raises(UnknownKey):
        keys.open(b"", kid=added, report_id="")
    with pytest.raises((SealMismatch, ValueError)):
        eager.open(b"", kid=added, report_id="")


async def is_used(installation: Installation, kid: str, since: datetime) -> bool:
    count = partial(phone_key_uses.used_since, kid=kid, since=since)
    return await within("intake", count, installation.settings(IntakeSettings)) == 1


async def test_the_last_use_of_a_key_is_stored(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A phone that has not learned of the newer key still seals to the older key.

    The older key must therefore not be destroyed.
    """
    monkeypatch.setattr(phone_key_uses, "SECONDS", 0.05)
    started_at = datetime.now(UTC)
    async with opened(installation) as intake:
        key = await key_of(intake)
        assert (await intake.caller().post(SEALED, sealed(household(), key))).status_code == 202
        await wait_for(partial(is_used, installation, key["kid"], started_at), timeout=60)
        assert not await is_used(installation, key["kid"], datetime.now(UTC) + timedelta(days=1))
