"""The contents of a backup, the keys that open it, and the places where it is stored."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from moto.server import ThreadedMotoServer

from deploy.backup import __main__ as nightly
from deploy.backup import archive, log, making, restoring, stores
from deploy.backup.log import Log
from deploy.backup.messages import (
    BadKey,
    BadRecipient,
    Incomplete,
    LogSilent,
    NoBackup,
    NoRecipient,
    NoTarget,
    Refused,
    StoreFailed,
    TargetInside,
    WrongKey,
)
from deploy.backup.restoring import Opened, Report
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from shared.config import Settings, secret
from tests import installation as installed
from tests.waiting import wait_for

NOW = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
NAME = "dayar-main-20261126T203000Z.tar.age"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "key"


@pytest.fixture
def recipient(key: Path) -> str:
    return archive.draw(key)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3."""
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
    httpx.put(f"{endpoint}/{bucket}", trust_env=False).raise_for_status()
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
    content = {"a": b"1", "b/c": bytes(range(256)) * 50_000}  # more than one part of an upload
    write(settings, NAME, content)
    assert stores.of(settings).names() == [NAME]
    assert read(settings, NAME, key, tmp_path / "opened") == content


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
    """Files are read before and after the database."""
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
    """They are on the new log again; records that were read and hold no state are not."""
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
    found = list(log.records(own.broker, prefix, now, carried, frozenset()))
    assert sorted(found) == sorted([lines[0]] * 3 + [lines[1]])


def test_more_records_than_the_producer_holds_are_published(installation: installed.Installation) -> None:
    own, prefix = subject(installation), installation.topic_prefix
    line = b'["hazards", 1, "a2V5", "dmFsdWU=", [], 1764189000000]\n'
    assert log.publish(own.broker, prefix, (line for _ in range(150_000)), ["hazards"]) == 150_000
    assert log.look(own.broker, prefix).ends["hazards", 1] == (0, 150_000)


def test_a_record_that_kafka_refuses_is_reported(installation: installed.Installation) -> None:
    line = b'["hazards", 99, "a2V5", "dmFsdWU=", [], 1764189000000]\n'
    with pytest.raises(LogSilent):
        log.publish(subject(installation).broker, installation.topic_prefix, [line], ["hazards"])


async def test_a_new_log_is_joined_when_each_service_has_its_own_valkey_password(
    installation: installed.Installation, tmp_path: Path
) -> None:
    own = tmp_path / "secrets" / "intake" / "valkey"
    own.parent.mkdir(parents=True)
    own.write_text(secret(installation.parts.redis_password_file) or "")
    made = subject(installation)
    settings = made.settings.model_copy(
        update={"service": "", "redis_password_file": f"{tmp_path}/secrets/{{service}}/valkey"}
    )
    opened = Opened(
        tmp_path, {"log": Log("old", {"hazards": "gone"}, {}).said(), "positions": {"alerts": [["hazards", 1, 7]]}}
    )
    (tmp_path / making.LOG).mkdir()
    (tmp_path / making.LOG / "00000000").write_bytes(b'["hazards", 1, "a2V5", "dmFsdWU=", [], 1764189000000]\n')
    with installation.redis() as valkey:
        valkey.set(f"{installation.topic_prefix}memory:a-report", "taken")
        report = Report({})
        await restoring.rejoin_log(replace(made, settings=settings), opened, report)
        assert valkey.dbsize() == 0
    assert report.published == 1
    assert report.moved == ["alerts: hazards/1 from 7 to 0"]


@pytest.mark.parametrize(
    ("ids", "next_offset", "expected"),
    [
        ({"hazards": "one"}, 7, 7),  # the same log: continue
        ({"hazards": "one"}, 12, 9),  # the same log, which lost its end
        ({"hazards": "another"}, 7, 2),  # a new log: from its first record
        ({}, 7, 7),  # the broker was away at the backup
        ({}, 12, 9),
    ],
)
def test_the_offset_at_which_a_restored_database_continues(
    ids: dict[str, str], next_offset: int, expected: int
) -> None:
    now = Log("cluster", {"hazards": "one"}, {("hazards", 0): (2, 9)})
    assert log.where_to_read(("hazards", 0), next_offset, Log("", ids, {}), now) == expected


async def test_dead_letters_of_the_old_log_move_away_for_those_of_the_new_one(tables: installed.Installation) -> None:
    """Each keeps its distance to the next record, whatever rows are between; letters of another partition stay."""
    server, next_offset = tables.parts.server, 9
    keep = (
        'INSERT INTO alerts.dead_letters (topic, partition, "offset", reason, pointer) '
        "VALUES ('hazards', $1, $2, '', '')"
    )
    connection = await server.connect(tables.database)
    try:
        await connection.execute(
            "INSERT INTO alerts.consumer_offsets VALUES ('hazards', 0, 0, 9), ('hazards', 1, 0, 9)"
        )
        await connection.executemany(
            keep, [(partition, offset) for partition in (0, 1) for offset in range(next_offset)]
        )
        await log.move(server, tables.database, "alerts", {("hazards", 0): 3, ("hazards", 1): next_offset})
        await connection.executemany(keep, [(0, 3), (0, 4)])
        rows = await connection.fetch(
            'SELECT partition, "offset" FROM alerts.dead_letters ORDER BY partition, "offset"'
        )
        places = await connection.fetch(
            "SELECT first_offset, next_offset FROM alerts.consumer_offsets ORDER BY partition"
        )
    finally:
        await connection.close()
    moved = [(0, offset) for offset in range(-6, 5)]
    assert list(map(tuple, rows)) == moved + [(1, offset) for offset in range(9)]
    assert list(map(tuple, places)) == [(-6, 3), (0, 9)]


def test_the_own_folder_keeps_newer_files_and_another_installations_is_moved_aside(tmp_path: Path) -> None:
    files, same, other = tmp_path / "files", tmp_path / "same", tmp_path / "other"
    for folder, content in ((files / "state", "ours"), (same, "ours"), (other, "theirs")):
        (folder / "secrets").mkdir(parents=True)
        (folder / "secrets" / "kek.key").write_text(content)
        for server in ("postgres", "kafka"):
            (folder / server).mkdir()
            (folder / server / "data").touch()
    (files / "state" / "spool").mkdir()
    (files / "state" / "spool" / "1.spool").write_text("waits")
    (same / "secrets" / "kek-2.key").write_text("newer")
    for folder in (same, other):
        kept = restoring.put_back(files, {"state": folder}, NOW, servers=("postgres",))
        assert (folder / "secrets" / "kek.key").read_text() == "ours"
        assert (folder / "spool" / "1.spool").read_text() == "waits"
        moved = {each.name for each in kept[0].iterdir()}
        assert moved == ({"postgres"} if folder == same else {"secrets", "postgres", "kafka"})
    assert (same / "secrets" / "kek-2.key").read_text() == "newer"


def test_a_file_left_incomplete_by_an_interrupted_restore_is_complete_after_the_next(tmp_path: Path) -> None:
    files, folder = tmp_path / "files", tmp_path / "state"
    for state in (files / "state", folder):
        (state / "secrets").mkdir(parents=True)
        (state / "secrets" / "kek.key").write_text("ours")
    (files / "state" / "spool").mkdir()
    (files / "state" / "spool" / "1.spool").write_bytes(bytes(50_000))
    with pytest.raises(OSError, match="File too large"), largest_file(10_000):
        restoring.put_back(files, {"state": folder}, NOW)
    restoring.put_back(files, {"state": folder}, NOW)
    assert (folder / "spool" / "1.spool").read_bytes() == bytes(50_000)
    assert [file.name for file in (folder / "spool").iterdir()] == ["1.spool"]


def test_a_restore_into_another_installations_folders_stays_one_after_an_interruption(tmp_path: Path) -> None:
    files, away = tmp_path / "files", tmp_path / "away"
    folders = {name: tmp_path / name for name in ("secrets-intake", "secrets-registry", "places")}
    for name, folder in folders.items():
        folder.mkdir()
        (folder / "own.key").write_text("theirs")
        if name != "places":
            (files / name).mkdir(parents=True)
            (files / name / "own.key").write_text(f"ours of {name}")
    folders["secrets-registry"].rename(away)
    with pytest.raises(FileNotFoundError):  # its volume is missing
        restoring.put_back(files, folders, NOW)
    away.rename(folders["secrets-registry"])
    kept = restoring.put_back(files, folders, NOW + timedelta(minutes=1))
    for name in ("secrets-intake", "secrets-registry"):
        assert (folders[name] / "own.key").read_text() == f"ours of {name}"
    assert [file for file in folders["places"].iterdir() if file.is_file()] == []
    assert {each.parent for each in kept if (each / "own.key").read_text() == "theirs"} == set(folders.values())

    restoring.finish(folders)
    (folders["secrets-intake"] / "newer.key").write_text("drawn since")
    restoring.put_back(files, folders, NOW + timedelta(minutes=2))
    assert (folders["secrets-intake"] / "newer.key").read_text() == "drawn since"


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Like a disk that fills up: a write beyond `size` bytes fails."""
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))


@pytest.mark.parametrize(
    ("made_at", "now", "is_due"),
    [
        (None, "2026-11-26T20:29Z", True),
        ("2026-11-25T20:31Z", "2026-11-26T20:29Z", False),  # 02:30 in Bishkek is 20:30 UTC
        ("2026-11-25T20:31Z", "2026-11-26T20:30Z", True),
        ("2026-11-26T20:31Z", "2026-11-26T20:32Z", False),
        ("2026-11-20T20:31Z", "2026-11-26T08:00Z", True),  # the machine was off for days
    ],
)
def test_each_night_has_its_backup(made_at: str | None, now: str, is_due: bool) -> None:
    made = datetime.fromisoformat(made_at) if made_at else None
    assert nightly.is_due(made, time(2, 30), datetime.fromisoformat(now)) is is_due


async def test_first_backup_is_made_at_once(
    installation: installed.Installation, recipient: str, tmp_path: Path
) -> None:
    settings = BackupSettings(to=str(tmp_path / "backups"), recipient=recipient, at=time(2, 30))
    making_it = asyncio.create_task(nightly.run(subject(installation), settings))
    await wait_for(lambda: stores.of(settings).names(), timeout=60)
    making_it.cancel()


def subject(made: installed.Installation) -> Installation:
    """With the administrators of the tests' own servers."""
    settings = made.settings(Settings, "{service}")
    own = Installation.read(settings, BackupSettings(), AdminSettings())
    return Installation(own.settings, own.folders, made.parts.server, made.parts.broker)
