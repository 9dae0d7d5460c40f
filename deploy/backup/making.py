"""Makes a backup while everything runs, with every report that was accepted before the backup began."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import KafkaException
from sqlalchemy.exc import DBAPIError

from deploy.backup import archive, dump, log, stores
from deploy.backup.archive import Archive
from deploy.backup.messages import NoRecipient, Refused, TargetInside, WithoutLog, WithoutTopics
from deploy.backup.settings import BackupSettings, Installation
from services.console.checks import InstallationCheck
from services.console.queries import checks
from shared.events.topics import CONTRACT
from shared.postgres import database

FORMAT = 1
MANIFEST = "manifest.json"
FILES, DATABASE, LOG = "files", "database", "log"
PIECE = 8 << 20
RESTORING = "restoring"  # this marker file is in the first folder from the start of a restore until its success
# A backup leaves out the servers' own folders, and files that each start writes.
LEFT_OUT = ("kafka", "postgres", "valkey", "run", "logs", "lock", "environment", "program", "watch", RESTORING)
PUT_ASIDE = "replaced-"
FAULTS = (Refused, OSError, asyncpg.PostgresError, DBAPIError, KafkaException)

Looks = dict[str, tuple[int, int]]


async def back_up(installation: Installation, settings: BackupSettings, now: datetime) -> str:
    """Return the backup's name in the store.

    Raises Refused if no backup can be made. Raises WithoutRecords if the backup is kept, but lacks records of Kafka.
    """
    check(settings, installation.folders.values())
    store, recipients = stores.of(settings), archive.recipients(settings.recipient)
    name = f"dayar-{installation.kind}-{now.astimezone(UTC):{stores.STAMP}}{stores.SUFFIX}"
    with store.writing(name) as file, archive.encrypted(file, recipients) as made:
        seen, missing = await _write(made, installation, now)
    stores.prune(store, installation.kind, now, timedelta(days=settings.keep_days))
    if seen == log.NOT_KNOWN:
        raise WithoutLog
    if missing:
        raise WithoutTopics(*sorted(missing))
    return name


def can_read_log(installation: Installation) -> bool:
    return log.look(installation.broker, installation.settings.topic_prefix) != log.NOT_KNOWN


async def note(installation: Installation, check: InstallationCheck) -> None:
    """The console's pages show when the last backup was made and when the next is due."""
    async with (
        database.opened(installation.settings.for_service("console")) as engine,
        database.sessions(engine).begin() as session,
    ):
        await checks.record(session, check)


def check(settings: BackupSettings, folders: Iterable[Path]) -> None:
    """Raise NoTarget, NoRecipient, BadRecipient or TargetInside if these settings allow no backup."""
    stores.of(settings)
    if not archive.recipients(settings.recipient):
        raise NoRecipient
    if settings.to and any(Path(settings.to).absolute().is_relative_to(folder) for folder in folders):
        raise TargetInside(settings.to)


async def _write(made: Archive, installation: Installation, now: datetime) -> tuple[log.Log, set[str]]:
    """Return the state of the log, and the missing topics that services have read.

    During the backup, a report may move from the spool to the log: the files are written before the log. A rotation
    during the backup makes new keys, which the dump may need: changed files are written again at the end.
    """
    looks: Looks = {}
    _add_files(made, installation.folders, looks)
    server, database, prefix = installation.server, installation.database, installation.settings.topic_prefix
    async with dump.snapshot(server, database) as snapshot:
        seen = log.look(installation.broker, prefix)
        made.add(MANIFEST, json.dumps(_manifest(installation, snapshot, seen, now)).encode())
        _add_pieces(made, DATABASE, dump.dumped(server, database, snapshot.id))
    read = [position for positions in snapshot.positions.values() for position in positions]
    lines = log.records(installation.broker, prefix, seen, log.carried(seen, read), snapshot.letters)
    _add_pieces(made, LOG, lines)
    _add_files(made, installation.folders, looks)
    return seen, log.missing(seen, read)


def _manifest(installation: Installation, snapshot: dump.Snapshot, seen: log.Log, now: datetime) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "contract": CONTRACT,
        "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "kind": installation.kind,
        "rows": dict(snapshot.rows),
        "positions": {schema: list(map(list, offsets)) for schema, offsets in snapshot.positions.items()},
        "log": seen.as_json(),
    }


def _add_files(made: Archive, folders: Mapping[str, Path], looks: Looks) -> None:
    """Add the files that are new or changed since the last call.

    `looks` keeps the time and size of each added file for the next call. A file that disappears during the call is
    skipped.
    """
    for name, file in _files(folders):
        try:
            known = file.stat()
            look = (known.st_mtime_ns, known.st_size)
            if looks.get(name) != look:
                made.add(f"{FILES}/{name}", file.read_bytes())
                looks[name] = look
        except FileNotFoundError:
            continue


def _files(folders: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, folder in folders.items():
        for top in sorted(folder.iterdir()):
            if top.name not in LEFT_OUT and not top.name.startswith(PUT_ASIDE):
                for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
                    if file.is_file() and not file.is_symlink() and file.name != "lock":
                        yield f"{name}/{file.relative_to(folder)}", file


def _add_pieces(made: Archive, name: str, content: Iterable[bytes]) -> None:
    """Split a stream of unknown length into numbered files, because a member of a tar file needs a length."""
    number, waiting = 0, bytearray()
    for some in content:
        waiting += some
        if len(waiting) >= PIECE:
            made.add(f"{name}/{number:08}", bytes(waiting))
            number, waiting = number + 1, bytearray()
    made.add(f"{name}/{number:08}", bytes(waiting))
