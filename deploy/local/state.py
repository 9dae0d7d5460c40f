"""Checks that the state folder belongs to Dayar, reads the exercise mark, and locks the folder for one supervisor."""

import errno
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.backup.making import RESTORING
from deploy.local import paths
from deploy.local.component import Folders
from deploy.local.messages import CannotStart
from deploy.local.staging import remove_abandoned
from shared.crypto.seal import write_whole

ROOT_USER = 0  # Root can write everywhere anyway, so a folder of root is accepted.
LEAST_FREE_BYTES = 300_000_000
INTERNAL = ("controller", "postgres")  # Only this installation uses these ports.
VERSION = 4  # Increase this number with each change of the folder's layout, or of the records in Kafka.


class StateOpen(CannotStart):
    """Other users of this machine can write to the state folder, so its secrets are not safe there.

    Close the folder (chmod go-w), or choose another folder by STATE=.
    """


class StateNewer(CannotStart):
    """The state folder was written by a newer release.

    Use that release, or another folder by STATE=; nothing was changed.
    """


class StateEarlier(CannotStart):
    """This folder was written by an earlier build. Use that build, or another folder by STATE=; nothing was changed."""


class StateHalfRestored(CannotStart):
    """A restore into this folder was interrupted or failed: do it again, or choose another folder by STATE=."""


class StateTorn(CannotStart):
    """The state folder's installation.json cannot be read.

    Restore it from a backup, or choose another folder by STATE=; nothing was changed.
    """


class StateOther(CannotStart):
    """The state folder is not empty and does not belong to Dayar.

    Choose another folder by STATE=; nothing was changed.
    """


class StateBusy(CannotStart):
    """Another `make run` holds this state folder. Stop that `make run` first, or choose another folder by STATE=."""


class DiskFull(CannotStart):
    """The disk is full. Free some space and start again; recorded data is safe."""


class DiskReadOnly(CannotStart):
    """The state folder cannot be written. Choose another folder by STATE=, or make this folder writable."""


@dataclass(frozen=True, slots=True)
class Installation:
    """After the installation was created, only its ports can change."""

    version: int
    exercise: bool
    ports: Mapping[str, int]


@contextmanager
def held(
    root: Path, *, exercise: bool, kafka_port: int | None, is_restoring: bool = False
) -> Iterator[tuple[Folders, Installation]]:
    """Lock the folder `demo` or `main` below `root` until the context ends.

    A missing folder is created. An interrupted restore leaves an incomplete folder, which only another restore may
    lock.
    """
    with _disk_errors_explained():
        _refuse_open(root)
        folders = Folders(state=root / ("demo" if exercise else "main"), cache=paths.cache())
        remove_abandoned(root)
        if not is_restoring and (folders.state / RESTORING).exists():
            raise StateHalfRestored(folders.state)
        _refuse_foreign(folders)
        paths.make_passable(root)
        folders.make()
        if shutil.disk_usage(root).free < LEAST_FREE_BYTES:
            raise DiskFull(root)
    with locked(folders.state):
        with _disk_errors_explained():
            installation = _marked(folders, exercise=exercise, kafka_port=kafka_port)
        yield folders, installation


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Locks the folder without checks of its content or of the free space."""
    with _disk_errors_explained():
        lock = (state / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateBusy(state) from None
        yield


def is_ours(folder: Path) -> bool:
    return (folder / "installation.json").exists()


def _refuse_open(root: Path) -> None:
    if not root.exists():
        return
    known = root.stat()
    if known.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or known.st_uid not in (os.geteuid(), ROOT_USER):
        raise StateOpen(root)


def _refuse_foreign(folders: Folders) -> None:
    state = folders.state
    if not state.exists():
        return
    if state.stat().st_uid != os.geteuid():
        raise StateOther(state)
    _refuse_open(state)
    if _read(state) is None and any(path.name not in ("lock", "run", "logs", "secrets") for path in state.iterdir()):
        raise StateOther(state)


def _read(state: Path) -> Installation | None:
    """A newer release may have changed all other fields, so the version is read first."""
    if not is_ours(state):
        return None
    try:
        marks = json.loads((state / "installation.json").read_bytes())
        if marks["version"] > VERSION:
            raise StateNewer(state)
        if marks["version"] < VERSION:  # No release migrates the records in Kafka.
            raise StateEarlier
        return Installation(marks["version"], marks["exercise"], marks["ports"])
    except (ValueError, KeyError, TypeError):
        raise StateTorn(state) from None


def _marked(folders: Folders, *, exercise: bool, kafka_port: int | None) -> Installation:
    known = _read(folders.state)
    ports = dict(known.ports) if known else {name: paths.free_port() for name in ("kafka", *INTERNAL)}
    ports |= {name: paths.free_port() for name in INTERNAL if not paths.is_free(ports[name])}
    if kafka_port is not None:
        ports["kafka"] = kafka_port
    installation = Installation(VERSION, known.exercise if known else exercise, ports)
    if installation != known:
        write_whole(folders.state / "installation.json", json.dumps(asdict(installation)).encode())
    return installation


@contextmanager
def _disk_errors_explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if (explained := disk_message(error)) is None:
            raise
        raise explained from error


def disk_message(error: OSError) -> CannotStart | None:
    """Return None for an error that does not come from the disk."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(error.filename or "")
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR):
        return DiskReadOnly(error.filename or "")
    return None
