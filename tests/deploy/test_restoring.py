"""A restore writes files and the database. After a restore, the services continue to read at the right offsets."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.backup import log, making, restoring
from deploy.backup.log import Log
from deploy.backup.restoring import Opened, Report
from shared.config import secret
from tests import installation as installed
from tests.deploy.test_backup import NOW, subject


async def test_a_new_log_is_joined_when_each_service_has_its_own_valkey_password(
    installation: installed.Installation, tmp_path: Path
) -> None:
    own = tmp_path / "secrets" / "intake" / "valkey"
    own.parent.mkdir(parents=True)
    own.write_text(secret(installation.components.redis_password_file) or "")
    made = subject(installation)
    settings = made.settings.model_copy(
        update={"service": "", "redis_password_file": f"{tmp_path}/secrets/{{service}}/valkey"}
    )
    opened = Opened(
        tmp_path, {"log": Log("old", {"hazards": "gone"}, {}).as_json(), "positions": {"alerts": [["hazards", 1, 7]]}}
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
        ({"hazards": "one"}, 7, 7),  # the same log: reading continues at the stored offset
        ({"hazards": "one"}, 12, 9),  # the log lost its last records: reading continues at the log's end
        ({"hazards": "another"}, 7, 2),  # a new log: reading starts at the log's first record
        ({}, 7, 7),  # without the broker, a backup contains no topic ids
        ({}, 12, 9),
    ],
)
def test_the_offset_at_which_a_restored_database_continues(
    ids: dict[str, str], next_offset: int, expected: int
) -> None:
    now = Log("cluster", {"hazards": "one"}, {("hazards", 0): (2, 9)})
    assert log.where_to_read(("hazards", 0), next_offset, Log("", ids, {}), now) == expected


async def test_dead_letters_of_the_old_log_move_away_for_those_of_the_new_one(tables: installed.Installation) -> None:
    """In partition 0, the next offset was 9, and is 3 after the restore.

    The first offset and the dead letters' offsets therefore decrease by 6.

    In partition 1, the next offset is 9 before and after the restore. No offset changes there.
    """
    server, next_offset = tables.components.server, 9
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
    with pytest.raises(FileNotFoundError):  # the folder of the registry's secrets is missing
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


@pytest.mark.parametrize("whose", ["ours", "theirs"])
def test_folder_is_marked_until_the_restore_has_ended(tmp_path: Path, whose: str) -> None:
    files, folder = tmp_path / "files", tmp_path / "state"
    for state, content in ((files / "state", "ours"), (folder, whose)):
        (state / "secrets").mkdir(parents=True)
        (state / "secrets" / "kek.key").write_text(content)
    restoring.put_back(files, {"state": folder}, NOW)
    assert (folder / making.RESTORING).exists()
    restoring.finish({"state": folder})
    assert not (folder / making.RESTORING).exists()


def test_own_folder_stays_ones_own_after_an_interruption(tmp_path: Path) -> None:
    files, folder = tmp_path / "files", tmp_path / "state"
    for state in (files / "state", folder):
        (state / "secrets").mkdir(parents=True)
        (state / "secrets" / "kek.key").write_text("ours")
    restoring.put_back(files, {"state": folder}, NOW)
    (folder / "secrets" / "newer.key").write_text("drawn before the interruption")
    restoring.put_back(files, {"state": folder}, NOW + timedelta(minutes=1))
    assert (folder / "secrets" / "newer.key").exists()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Simulates a full disk: no file can grow beyond `size` bytes."""
    usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))
