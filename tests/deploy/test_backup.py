"""Tests the contents of a backup, its encryption, and its storage in a folder or a bucket."""

import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.backup import archive, log, making, restoring, stores
from deploy.backup.messages import (
    BadKey,
    BadRecipient,
    Incomplete,
    LogSilent,
    NoBackup,
    NoRecipient,
    NoTarget,
    OtherLayout,
    Refused,
    StoreFailed,
    TargetInside,
    WithoutLog,
    WrongKey,
)
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from deploy.local.process import wait_until
from deploy.provision.broker import Broker
from services.console.checks import CheckName
from services.console.queries import checks
from shared.config import Settings
from shared.events.topics import CONTRACT
from shared.postgres import database
from tests import installation as installed

NOW = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
NAME = "dayar-main-20261126T203000Z.tar.age"
READ_TO_5 = """
INSERT INTO consumer_offsets (topic, partition, first_offset, next_offset) VALUES (:topic, 0, 0, 5)
"""


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - all workers import this file, but only one needs moto

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, recipient: str) -> BackupSettings:
    if request.param == "folder":
        return BackupSettings(to=str(tmp_path / "backups"), recipient=recipient)
    endpoint, bucket = request.getfixturevalue("s3"), f"bucket-{uuid4().hex}"
    httpx.put(f"{endpoint}/{bucket}", trust_env=False, timeout=30).raise_for_status()
    secret = tmp_path / "s3-secret"
    secret.write_text("secret")
    return BackupSettings(
        to=f"s3://{bucket}/dayar", recipient=recipient, s3_endpoint=endpoint, s3_key_id="key", s3_secret_file=secret
    )


def write(settings: BackupSettings, name: str, content: dict[str, bytes]) -> None:
    recipients = archive.recipients(settings.recipient)
    with stores.of(settings).writing(name) as file, archive.encrypted(file, recipients) as made:
        for member, data in content.items():
            made.add(member, data)


def read(settings: BackupSettings, name: str, key: Path, folder: Path) -> dict[str, bytes]:
    with stores.of(settings).reading(name) as file:
        archive.extract(file, archive.identities(key), folder)
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_a_written_archive_is_read_with_the_private_key(settings: BackupSettings, key: Path, tmp_path: Path) -> None:
    # longer than one part of a multipart upload
    content = {"a": b"1", "b/c": bytes(range(256)) * 50_000}
    write(settings, NAME, content)
    assert stores.of(settings).names() == [NAME]
    assert read(settings, NAME, key, tmp_path / "opened") == content


def test_file_that_was_added_twice_has_its_later_content(settings: BackupSettings, key: Path, tmp_path: Path) -> None:
    recipients = archive.recipients(settings.recipient)
    with stores.of(settings).writing(NAME) as file, archive.encrypted(file, recipients) as made:
        made.add("a", b"earlier and longer")
        made.add("a", b"later")
    assert read(settings, NAME, key, tmp_path / "opened") == {"a": b"later"}


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_nothing_is_written_outside_the_folder(recipient: str, key: Path, tmp_path: Path, name: str) -> None:
    backup, folder = io.BytesIO(), tmp_path / "b" / "opened"
    with archive.encrypted(backup, archive.recipients(recipient)) as made:
        made.add(name, b"1")
    backup.seek(0)
    with pytest.raises(Incomplete):
        archive.extract(backup, archive.identities(key), folder)
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("type", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_only_files_are_extracted(recipient: str, key: Path, tmp_path: Path, type: bytes) -> None:
    backup, member = io.BytesIO(), tarfile.TarInfo("link")
    member.type, member.linkname = type, "/etc/passwd"
    with archive.encrypted(backup, archive.recipients(recipient)) as made:
        made._tar.addfile(member)
    backup.seek(0)
    with pytest.raises(Incomplete):
        archive.extract(backup, archive.identities(key), tmp_path / "opened")


def test_backup_that_fails_half_way_leaves_nothing(settings: BackupSettings) -> None:
    with pytest.raises(TypeError):
        write(settings, NAME, {"a": bytes(20_000_000), "b": None})  # type: ignore[dict-item]
    assert stores.of(settings).names() == []


def test_another_key_cannot_open_the_archive(settings: BackupSettings, tmp_path: Path) -> None:
    write(settings, NAME, {"a": b"1"})
    other = tmp_path / "other"
    archive.draw(other)
    with pytest.raises(WrongKey):
        read(settings, NAME, other, tmp_path / "opened")


def test_an_unknown_backup_name_is_reported(settings: BackupSettings, key: Path, tmp_path: Path) -> None:
    with pytest.raises(NoBackup):
        read(settings, NAME, key, tmp_path / "opened")


def test_a_missing_file_elsewhere_is_not_reported_as_a_missing_backup(settings: BackupSettings, tmp_path: Path) -> None:
    write(settings, NAME, {"a": b"1"})
    with pytest.raises(FileNotFoundError), stores.of(settings).reading(NAME):
        (tmp_path / "absent").read_bytes()


def test_old_backups_of_the_same_kind_are_removed_and_the_newest_stays(settings: BackupSettings) -> None:
    days = {days: f"dayar-main-{NOW - timedelta(days=days):{stores.STAMP}}{stores.SUFFIX}" for days in (60, 40, 20)}
    other = days[60].replace("main", "exercise")
    for name in (*days.values(), other):
        write(settings, name, {})
    store = stores.of(settings)
    stores.prune(store, "main", NOW, timedelta(days=30))
    assert store.names() == sorted([days[20], other])
    stores.prune(store, "main", NOW + timedelta(days=300), timedelta(days=30))
    assert store.names() == sorted([days[20], other])


def test_a_store_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    (tmp_path / "s3-secret").write_text("secret")
    settings = BackupSettings(
        to="s3://bucket", s3_endpoint="http://127.0.0.1:1", s3_key_id="key", s3_secret_file=tmp_path / "s3-secret"
    )
    with pytest.raises(StoreFailed):
        stores.of(settings).names()


@pytest.mark.parametrize("cut", [1, 200, 70_000])
def test_a_truncated_backup_is_refused(cut: int, recipient: str, key: Path, tmp_path: Path) -> None:
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient)
    write(settings, NAME, {"a": bytes(200_000)})
    file = tmp_path / "backups" / NAME
    file.write_bytes(file.read_bytes()[:-cut])
    with pytest.raises((WrongKey, Incomplete)):
        read(settings, NAME, key, tmp_path / "opened")


@pytest.mark.parametrize("contract", [{}, {"contract": CONTRACT - 1}, {"contract": CONTRACT + 1}])
def test_a_backup_of_another_record_layout_is_refused(
    contract: dict[str, int], settings: BackupSettings, key: Path, tmp_path: Path
) -> None:
    write(settings, NAME, {making.MANIFEST: json.dumps({"format": making.FORMAT, **contract}).encode()})
    with stores.of(settings).reading(NAME) as file, pytest.raises(OtherLayout):
        restoring.open_backup(file, archive.identities(key), tmp_path / "opened")


def test_key_files_are_private_and_never_overwritten(key: Path, recipient: str) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    assert recipient in key.read_text()
    with pytest.raises(FileExistsError):
        archive.draw(key)
    with pytest.raises(BadRecipient):
        archive.recipients("age1nonsense")
    key.write_text("nothing")
    with pytest.raises(BadKey):
        archive.identities(key)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [({"to": None}, NoTarget), ({"recipient": ""}, NoRecipient), ({"to": "{state}/backups"}, TargetInside)],
)
async def test_backup_that_could_not_be_restored_is_refused(
    changed: dict[str, Any], refusal: type[Refused], tables: installed.Installation, recipient: str, tmp_path: Path
) -> None:
    if changed.get("to"):
        changed = {"to": changed["to"].format(state=tables.folder / "state")}
    settings = BackupSettings(**{"to": str(tmp_path / "backups"), "recipient": recipient, **changed})
    with pytest.raises(refusal):
        await making.back_up(subject(tables), settings, NOW)


async def test_a_key_generated_during_the_backup_is_in_it(
    installation: installed.Installation, recipient: str, key: Path, tmp_path: Path
) -> None:
    """The key files are read before and after the database.

    A key that was generated meanwhile is therefore in the backup.
    """
    seen: making.Looks = {}
    folder = tmp_path / "state"
    (folder / "secrets").mkdir(parents=True)
    (folder / "kafka").mkdir()
    for file in ("secrets/kek", "kafka/log", "lock", "installation.json"):
        (folder / file).write_text(file)
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient)
    with (
        stores.of(settings).writing(NAME) as file,
        archive.encrypted(file, archive.recipients(settings.recipient)) as made,
    ):
        making._add_files(made, {"state": folder}, seen)
        (folder / "secrets" / "kek-2").write_text("new")
        (folder / "installation.json").write_text("changed since")
        making._add_files(made, {"state": folder}, seen)
    assert read(settings, NAME, key, tmp_path / "opened") == {
        "files/state/secrets/kek": b"secrets/kek",
        "files/state/secrets/kek-2": b"new",
        "files/state/installation.json": b"changed since",
    }


async def test_unread_records_are_in_the_backup(
    installation: installed.Installation, recipient: str, key: Path, tmp_path: Path
) -> None:
    """A backup contains all unread records, and all records of topics that hold state."""
    own, prefix = subject(installation), installation.topic_prefix
    before = log.look(own.broker, prefix)
    lines = [
        b'["%b", 1, "a2V5", "dmFsdWU=", [["ce_id", "MQ=="]], 1764189000000]\n' % topic
        for topic in (b"access", b"hazards")
    ]
    for _ in range(3):
        log.publish(own.broker, prefix, lines, ["access", "hazards"])
    now = log.look(own.broker, prefix)
    assert now.ends["hazards", 1] == (0, 3) and before.ids == now.ids
    carried = log.carried(now, [("hazards", 1, 2), ("hazards", 0, 0)])
    records = list(log.records(own.broker, prefix, now, carried, frozenset()))
    assert sorted(records) == sorted([lines[0]] * 3 + [lines[1]])


def test_a_topic_that_a_new_release_adds_may_be_missing(installation: installed.Installation) -> None:
    own, prefix = subject(installation), installation.topic_prefix
    before = log.look(own.broker, prefix)
    admin = own.broker.admin()  # the variable keeps the client alive until the answer arrives
    for answer in admin.delete_topics([f"{prefix}hazards-restricted"]).values():
        answer.result(timeout=30)
    assert wait_until(
        lambda: before.ids.keys() - log.look(own.broker, prefix).ids.keys() == {"hazards-restricted"}, timeout=60
    )


async def test_a_backup_without_the_log_is_kept_but_not_well(
    installation: installed.Installation, recipient: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "SECONDS", 1)
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient)
    own = subject(installation)
    silent = Installation(own.settings, own.folders, own.server, Broker("127.0.0.1:1"))
    with pytest.raises(WithoutLog):
        await making.back_up(silent, settings, NOW)
    assert len(stores.of(settings).names()) == 1


def test_more_records_than_the_producer_holds_are_published(installation: installed.Installation) -> None:
    own, prefix = subject(installation), installation.topic_prefix
    line = b'["hazards", 1, "a2V5", "dmFsdWU=", [], 1764189000000]\n'
    assert log.publish(own.broker, prefix, (line for _ in range(150_000)), ["hazards"]) == 150_000
    assert log.look(own.broker, prefix).ends["hazards", 1] == (0, 150_000)


def test_a_record_that_kafka_refuses_is_reported(installation: installed.Installation) -> None:
    line = b'["hazards", 99, "a2V5", "dmFsdWU=", [], 1764189000000]\n'
    with pytest.raises(LogSilent):
        log.publish(subject(installation).broker, installation.topic_prefix, [line], ["hazards"])


async def noted(own: Installation, *, is_well: bool) -> bool:
    async with database.opened(own.settings.for_service("console")) as engine, database.sessions(engine)() as session:
        return any(check.name is CheckName.BACKUP and check.is_well is is_well for check in await checks.known(session))


@dataclass(frozen=True)
class SwitchedBroker(Broker):
    """A broker that does not answer until the file `switch` exists."""

    switch: Path = Path()

    def options(self) -> dict[str, Any]:
        answering = super().options()
        return answering if self.switch.exists() else answering | {"bootstrap.servers": "127.0.0.1:1"}


def subject(made: installed.Installation) -> Installation:
    settings = made.settings(Settings, "{service}")
    own = Installation.read(settings, BackupSettings(), AdminSettings())
    return Installation(own.settings, own.folders, made.components.server, made.components.broker)
