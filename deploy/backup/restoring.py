"""Restores a backup, after a check that the backup is complete. The former state is moved aside."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from deploy.backup import archive, dump, log
from deploy.backup.log import Log
from deploy.backup.making import DATABASE, FILES, FORMAT, LOG, MANIFEST, PUT_ASIDE, RESTORING
from deploy.backup.messages import Incomplete, LogSilent, OtherLayout
from deploy.backup.settings import Installation
from deploy.provision import database
from shared.config import Settings, secret
from shared.crypto.seal import write_whole
from shared.events.topics import CONTRACT

KEYS = (".key", ".pem")
STAYS = ("lock", "run", "logs", "program", RESTORING)
# The marker file contains SAME if, when the restore began, the folders belonged to the backup's installation.
SAME, OTHER = b"same", b"other"


@dataclass(frozen=True, slots=True)
class Opened:
    """A complete backup, decrypted onto this disk."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["made_at"])

    @property
    def log(self) -> Log:
        return Log.from_json(self.manifest["log"])

    def files(self, name: str) -> Path:
        return self.folder / FILES / name

    def lines(self) -> Iterator[bytes]:
        with joined(self.folder / LOG).open("rb") as file:
            yield from file


@dataclass(slots=True)
class Report:
    rows: Mapping[str, int]
    new_topics: list[str] = field(default_factory=list)
    published: int = 0
    moved: list[str] = field(default_factory=list)


def open_backup(source: Any, identities: list[Any], folder: Path) -> Opened:
    """Raises WrongKey, Incomplete, OtherLayout."""
    archive.extract(source, identities, folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    if manifest["format"] > FORMAT:
        raise Incomplete
    if manifest.get("contract") != CONTRACT:  # a restore does not migrate records
        raise OtherLayout
    return Opened(folder, manifest)


def joined(folder: Path) -> Path:
    whole = folder.with_name(f"{folder.name}.whole")
    if not whole.exists():
        with whole.open("wb") as out:
            for piece in sorted(folder.iterdir()):
                out.write(piece.read_bytes())
                piece.unlink()
    return whole


def put_back(
    files: Path,
    folders: Mapping[str, Path],
    now: datetime,
    *,
    servers: Collection[str] = (),
    stays: Collection[str] = (),
) -> list[Path]:
    """Return the folders to which the former files were moved.

    After an interruption, the whole restore is run anew. Call `finish` when the whole restore has ended. If the folders
    belong to the backup's installation, only the folders in `servers` are moved aside: other folders may contain newer
    keys and spooled reports. If the folders belong to another installation, everything except the names in `stays` is
    moved aside.
    """
    is_same = _is_same(files, folders)
    write_whole(_marker(folders), SAME if is_same else OTHER)
    for name, folder in folders.items():
        others = [path.name for path in folder.iterdir() if _makes_way(path, stays)]
        aside = [entry for entry in others if entry in servers] if is_same else others
        if aside:
            kept = folder / f"{PUT_ASIDE}{now:%Y%m%dT%H%M%S}"
            kept.mkdir(mode=0o700)
            for entry in aside:
                (folder / entry).rename(kept / entry)
        _add_missing(files / name, folder)
    return [kept for folder in folders.values() for kept in sorted(folder.glob(f"{PUT_ASIDE}*"))]


def finish(folders: Mapping[str, Path]) -> None:
    """Remove the marker file: the next restore then compares the keys in the folders with the keys in its backup."""
    _marker(folders).unlink(missing_ok=True)


def is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _makes_way(path: Path, stays: Collection[str]) -> bool:
    return path.name not in (*STAYS, *stays) and not path.name.startswith(PUT_ASIDE) and not is_empty(path)


def _marker(folders: Mapping[str, Path]) -> Path:
    """The file exists until the restore has ended.

    While the file exists, no service starts.

    The file records whether the folders belonged to the backup's installation. An interrupted restore may already have
    replaced the keys in the folders, so the next restore cannot compare these keys.
    """
    return next(iter(folders.values())) / RESTORING


def _is_same(files: Path, folders: Mapping[str, Path]) -> bool:
    """Two installations never generate the same key, so a shared key proves that the installation is the same.

    Passwords are not compared, because several installations may share one `.env`.
    """
    if _marker(folders).exists() and _marker(folders).read_bytes() != SAME:
        return False
    for name, folder in folders.items():
        for file in (files / name).rglob("*"):
            there = folder / file.relative_to(files / name)
            if (
                any(part.startswith("secrets") for part in file.parts)
                and file.suffix in KEYS
                and file.is_file()
                and there.is_file()
                and there.read_bytes() == file.read_bytes()
            ):
                return True
    return False


def _add_missing(files: Path, folder: Path) -> None:
    for file in sorted(files.rglob("*")):
        there = folder / file.relative_to(files)
        if file.is_dir():
            there.mkdir(mode=0o700, exist_ok=True)
        elif not there.exists():
            write_whole(there, file.read_bytes())


async def restore_database(installation: Installation, opened: Opened, passwords: Mapping[str, str]) -> Report:
    """Create the database and its roles if they do not exist.

    Raises RestoreFailed, and Incomplete if a row is missing.
    """
    server, name = installation.server, installation.database
    await database.create(server, name, role_prefix=installation.role_prefix, passwords=passwords)
    await dump.clear(server, name)
    dump.restore(server, name, joined(opened.folder / DATABASE))
    rows = await dump.counted(server, name)
    if rows != opened.manifest["rows"]:
        raise Incomplete(*sorted(set(rows.items()) ^ set(opened.manifest["rows"].items())))
    return Report(rows)


async def rejoin_log(installation: Installation, opened: Opened, report: Report) -> None:
    """Set the offsets at which each service continues. The topics must exist, and no service may run."""
    broker, prefix, before = installation.broker, installation.settings.topic_prefix, opened.log
    now = log.look(broker, prefix)
    if not now.ids:
        raise LogSilent
    report.new_topics = sorted(topic for topic in before.ids if not log.is_same(topic, before, now))
    if report.new_topics:
        await forget(installation.settings)
    report.published = log.publish(broker, prefix, opened.lines(), report.new_topics)
    now = log.look(broker, prefix)
    for schema, positions in opened.manifest["positions"].items():
        targets = {
            (topic, number): log.where_to_read((topic, number), at, before, now) for topic, number, at in positions
        }
        await log.move(installation.server, installation.database, schema, targets)
        report.moved += [
            f"{schema}: {topic}/{number} from {at} to {targets[topic, number]}"
            for topic, number, at in positions
            if targets[topic, number] != at
        ]


async def forget(settings: Settings) -> None:
    """Delete the ids of accepted reports: if the log is lost, intake must not take a resent report for a duplicate."""
    own = settings.for_service("intake")
    async with Redis.from_url(own.redis_url, password=secret(own.redis_password_file)) as valkey:
        async for key in valkey.scan_iter(f"{own.topic_prefix}memory:*", count=1000):
            await valkey.delete(key)
