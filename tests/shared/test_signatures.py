"""A broker login is not enough to forge a record. Keys can be replaced without stopping the services."""

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from deploy.provision import record_keys
from shared import events
from shared.config import Settings
from shared.crypto import keyring
from shared.crypto.keyring import NoKey, UnknownKey
from shared.crypto.seal import encode
from shared.events import Message
from shared.events.topics import KEY_HOLDERS, SERVICES
from shared.failures import SetAside
from shared.messaging.records import Record
from shared.messaging.signatures import RecordSigner, RecordVerifier
from tests.forging import forge
from tests.installation import Installation
from tests.shared.trial import TOPIC, Trial, event, hazard
from tests.waiting import wait_for


@pytest.fixture
def folders(tmp_path: Path) -> record_keys.Folders:
    folders = record_keys.folders(tmp_path)
    record_keys.draw(folders)
    return folders


def settings(folders: record_keys.Folders, service: str) -> Settings:
    return Settings(record_keys=str(folders[service]), DAYAR_EXERCISE=False).for_service(service)


def signed(folders: record_keys.Folders, message: Message | None = None) -> Record:
    made = RecordSigner(settings(folders, "intake")).sign(message or event(hazard()))
    return Record(made.topic, 0, 0, 0, made.key, made.value, made.headers)


def verifier(folders: record_keys.Folders, service: str = "alerts") -> RecordVerifier:
    return RecordVerifier(settings(folders, service))


def test_the_signature_is_hmac_sha256_over_each_field_with_its_length(tmp_path: Path) -> None:
    """The test computes the signature by RFC 2104 without Dayar's code, as another program would."""
    key = bytes(range(32))
    keyring.write(tmp_path / "intake" / "hazards", "00000001-0000000a", key)
    for topic in {topic for topic, (writers, _) in KEY_HOLDERS.items() if "intake" in writers} - {"hazards"}:
        keyring.write(tmp_path / "intake" / topic, "00000001-0000000a", key)
    message = Message("hazards", b"key", b"{}", (("ce_id", b"1"), ("ce_type", b"dayar.hazard.reported.v1")))
    made = RecordSigner(Settings(record_keys=f"{tmp_path}/{{service}}").for_service("intake")).sign(message)

    def length(number: int) -> bytes:
        return number.to_bytes(4, "little")

    names, values = [b"hazards", b"ce_id", b"ce_type"], [b"key", b"{}", b"1", b"dayar.hazard.reported.v1"]
    content = length(3) + b"".join(map(length, map(len, names))) + b"".join(names)
    content += b"".join(map(length, map(len, values))) + b"".join(values)
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key.ljust(64, b"\0")) + content).digest()
    expected = hashlib.sha256(bytes(byte ^ 0x5C for byte in key.ljust(64, b"\0")) + inner).digest()
    name, value = made.headers[-1]
    key_id, _, text = value.decode().partition(":")
    assert (name, key_id) == ("signature", "00000001-0000000a")
    assert encode(expected) == text
    assert made._replace(headers=made.headers[:-1]) == message


def test_readers_accept_what_a_service_signed(folders: record_keys.Folders) -> None:
    for reader in ("alerts", "console"):
        verifier(folders, reader).verify(signed(folders))


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "households"},
        {"key": b"x"},
        {"value": b"{}"},
        {"headers": ()},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_changed_record_is_set_aside(folders: record_keys.Folders, changed: dict[str, Any]) -> None:
    # One of the changed records names the topic `households`. With the copied key, the record with the changed topic is
    # verified and refused.
    for file in (folders["alerts"] / "hazards").iterdir():
        keyring.write(folders["alerts"] / "households", file.stem, file.read_bytes())
    with pytest.raises(SetAside, match="signature_mismatch"):
        verifier(folders).verify(signed(folders)._replace(**changed))


def test_every_header_is_signed(folders: record_keys.Folders) -> None:
    record = signed(folders)
    for number in range(len(record.headers)):
        for replaced in ([], [(record.headers[number][0], b"x")], [("x", record.headers[number][1])]):
            headers = (*record.headers[:number], *replaced, *record.headers[number + 1 :])
            with pytest.raises(SetAside, match="signature_mismatch"):
                verifier(folders).verify(record._replace(headers=headers))
    for headers in ((("x", b"y"), *record.headers), (*record.headers, ("x", b"y")), tuple(reversed(record.headers))):
        with pytest.raises(SetAside, match="signature_mismatch"):
            verifier(folders).verify(record._replace(headers=headers))


def test_bytes_cannot_move_from_one_field_to_the_next(folders: record_keys.Folders) -> None:
    record = signed(folders, Message("hazards", b"ab", b"cd", (("ef", b"gh"), ("ij", b"kl"))))
    for changed in (
        {"key": b"abc", "value": b"d"},
        {"key": b"", "value": b"abcd"},
        {"headers": (("e", b"fgh"), ("ij", b"kl"), record.headers[-1])},
        {"headers": (("ef", b"ghij"), ("", b"kl"), record.headers[-1])},
        {"headers": (("ef", b"ghijkl"), record.headers[-1])},
    ):
        with pytest.raises(SetAside, match="signature_mismatch"):
            verifier(folders).verify(record._replace(**changed))


def test_the_newest_key_signs_and_older_keys_still_verify(folders: record_keys.Folders) -> None:
    old, reader = signed(folders), verifier(folders)
    reader.verify(old)
    drawn = record_keys.rotate(folders)
    new = signed(folders)
    assert new.headers[-1][1][:17].decode() in drawn
    assert old.headers[-1][1][:17].decode() < new.headers[-1][1][:17].decode()
    for record in (old, new):
        reader.verify(record)


def test_a_running_writer_uses_a_new_key(folders: record_keys.Folders, monkeypatch: pytest.MonkeyPatch) -> None:
    signer = RecordSigner(settings(folders, "intake"))
    drawn = record_keys.rotate(folders)
    monkeypatch.setattr(keyring, "FRESH_SECONDS", 0)
    assert signer.sign(event(hazard())).headers[-1][1][:17].decode() in drawn


def test_a_record_with_a_key_that_is_not_here_yet_waits(folders: record_keys.Folders) -> None:
    held = {file: file.read_bytes() for file in (folders["alerts"] / "hazards").iterdir()}
    for file in held:
        file.unlink()
    reader, record = verifier(folders), signed(folders)
    with pytest.raises(UnknownKey):
        reader.verify(record)
    for file, key in held.items():
        file.write_bytes(key)
    reader.verify(record)


def test_records_with_an_unknown_key_are_waited_for_once_and_then_set_aside(
    folders: record_keys.Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    reader = RecordVerifier(settings(folders, "alerts").model_copy(update={"signature_key_wait_seconds": 600}))
    with pytest.raises(UnknownKey):
        reader.verify(unknown_key(1))
    clock[0] += 599
    with pytest.raises(UnknownKey):
        reader.verify(unknown_key(1))
    clock[0] += 1
    for number in (1, 2, 3):  # after the first wait, further records with unknown keys do not wait
        with pytest.raises(SetAside, match="signature_unknown_key"):
            reader.verify(unknown_key(number))
    reader.verify(signed(folders))
    clock[0] += 5 * 600
    with pytest.raises(UnknownKey):
        reader.verify(unknown_key(4))


def test_after_a_key_arrived_the_next_rotation_has_a_full_wait_again(
    folders: record_keys.Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, reader = [1000.0], verifier(folders)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    for _ in range(2):
        record_keys.rotate(folders)
        record = signed(folders)
        file = folders["alerts"] / "hazards" / f"{record.headers[-1][1][:17].decode()}.key"
        key = file.read_bytes()
        file.unlink()
        with pytest.raises(UnknownKey):
            reader.verify(record)
        file.write_bytes(key)
        clock[0] += 500
        reader.verify(record)


def unknown_key(number: int) -> Record:
    made = event(hazard())
    headers = (*made.headers, ("signature", f"{number:08x}-00000000:{'A' * 43}".encode()))
    return Record(made.topic, 0, number, 0, made.key, made.value, headers)


def test_a_writer_without_its_key_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(NoKey):
        RecordSigner(Settings(record_keys=str(tmp_path)).for_service("intake"))


def test_a_service_holds_only_the_keys_of_its_own_topics(folders: record_keys.Folders) -> None:
    for service in SERVICES:
        held = {folder.name for folder in folders[service].iterdir()}
        assert held == {topic for topic, holders in KEY_HOLDERS.items() if service in {*holders[0], *holders[1]}}
    # By section 3 of PROTECTION.md, a reader of the registry's topics has no key that signs reports.
    assert not (folders["alerts"] / "displacements").exists()
    assert not (folders["console"] / "displacements").exists()
    files = [file for folder in folders.values() for file in folder.rglob("*.key")]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_keys_that_an_interrupted_start_did_not_distribute_are_distributed_by_the_next(
    folders: record_keys.Folders,
) -> None:
    (lost,) = (folders["console"] / "hazards").iterdir()
    lost.unlink()
    record_keys.draw(folders)
    assert lost.read_bytes() == (folders["intake"] / "hazards" / lost.name).read_bytes()


@pytest.mark.components
async def test_a_record_written_with_the_login_alone_becomes_a_dead_letter_without_an_outcome(
    trial_installation: Installation,
) -> None:
    genuine, forged = event(hazard()), event(hazard())
    async with Trial(trial_installation) as trial, trial.running(trial.consumer()):
        await forge(trial_installation, "intake", forged)
        await trial.publish(genuine)
        assert await trial.drained() == {"recorded": 1, "set_aside": 1}
        assert {str(id) for id in await trial.effects()} == {events.header(genuine.headers, "ce_id")}
        assert await trial.fetch("SELECT reason, count(*) FROM dead_letters GROUP BY reason") == [
            ("signature_mismatch", 1)
        ]
        rows = await trial.fetch("SELECT topic, value FROM outbox")
        report_id = json.loads(forged.value)["report_id"]
        assert not [1 for topic, value in rows if topic == "outcomes" and json.loads(value)["report_id"] == report_id]


@pytest.mark.components
async def test_a_record_whose_key_arrives_later_waits_and_is_then_recorded(trial_installation: Installation) -> None:
    record_keys.rotate(record_keys.folders(trial_installation.secrets))
    held = {}
    for file in (trial_installation.secrets / "records" / "alerts" / TOPIC).iterdir():
        held[file] = file.read_bytes()
        file.unlink()
    async with Trial(trial_installation) as trial, trial.running(trial.consumer()):
        await trial.publish(event(hazard()))

        async def is_waiting() -> bool:
            rows = await trial.rows()
            return sum(row.on_its_way or 0 for row in rows) == 1

        await wait_for(is_waiting)
        for file, key in held.items():
            file.write_bytes(key)
        assert await trial.drained() == {"recorded": 1}


@pytest.mark.components
async def test_a_record_with_an_unknown_key_stops_its_topic_for_a_limited_time(
    trial_installation: Installation,
) -> None:
    """An attacker with a broker login and without a signing key writes a record.

    The attacker's record names a key that does not exist.
    """
    genuine, forged = event(hazard()), event(hazard())
    signature = ("signature", b"00000001-00000000:" + b"A" * 43)
    async with Trial(trial_installation) as trial:
        trial.settings = trial.settings.model_copy(update={"signature_key_wait_seconds": 1})
        async with trial.running(trial.consumer()):
            await forge(trial_installation, "intake", forged._replace(headers=(*forged.headers, signature)))
            await trial.publish(genuine._replace(key=forged.key))  # one key, so both records are in one partition
            assert await trial.drained() == {"recorded": 1, "set_aside": 1}
        assert await trial.fetch("SELECT reason FROM dead_letters") == [("signature_unknown_key",)]
        rows = await trial.fetch("SELECT value FROM outbox WHERE topic = 'outcomes'")
        report_id = json.loads(forged.value)["report_id"]
        assert report_id not in {json.loads(value)["report_id"] for (value,) in rows}
