"""`dayar restore` restores the state folder, the database and the log of one installation on this machine."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deploy import environment
from deploy.backup import dump, restoring
from deploy.backup.making import FILES
from deploy.backup.restoring import Opened, Report
from deploy.backup.settings import AdminSettings, BackupSettings, Installation
from deploy.local import kafka, paths, state
from deploy.local.component import Folders
from deploy.local.options import Options
from deploy.local.stack import Stack
from deploy.local.staging import staging
from deploy.local.terminal import Terminal
from shared.config import Settings, secret
from shared.events.topics import SERVICES

# Kafka's folder is not in the list, because this folder stays if it has the log of the backup's cluster.
SERVERS = ("postgres", "valkey")


@dataclass(frozen=True, slots=True)
class Restored:
    state: Path
    opened: Opened
    report: Report
    aside: list[Path]


def restore(
    source: Any, identities: list[Any], options: Options, now: datetime, screen: Terminal, *, then: Callable[[], None]
) -> Restored:
    """Restore a stopped installation. Calls `then` before the servers stop. Raises Refused, CannotStart."""
    paths.make_passable(options.root)
    with staging(options.root) as folder:
        with screen.timed("decrypted, and whole"):
            opened = restoring.open_backup(source, identities, folder)
        exercise = opened.manifest["kind"] == "exercise"
        _check_given(options)
        aside = _put_files(options.root, opened, now, exercise=exercise)
        with state.held(options.root, exercise=exercise, kafka_port=options.kafka_port, is_restoring=True) as (
            folders,
            marked,
        ):
            stack = Stack(folders, marked, options, screen.fetched)
            with environment.replaced(stack.env()), _servers(stack, screen):
                installation = Installation.read(stack.settings, BackupSettings(), AdminSettings())
                report = asyncio.run(_fill(stack, installation, opened, screen))
                then()
            restoring.finish({"state": folders.state})
        return Restored(folders.state, opened, report, aside)


def _check_given(options: Options) -> None:
    """Raises DatabaseInUse or DatabaseHolds, before any file is moved."""
    if "postgres" in options.given:
        with environment.replaced(options.environment):
            present = Installation.read(Settings(), BackupSettings(), AdminSettings())
        asyncio.run(dump.check_free(present.server, present.database))


def _put_files(root: Path, opened: Opened, now: datetime, *, exercise: bool) -> list[Path]:
    folders = Folders(state=root / ("demo" if exercise else "main"), cache=paths.cache()).make()
    with state.locked(folders.state):
        stays = ("kafka",) if kafka.cluster(folders) == opened.log.cluster else ()
        restored = {"state": folders.state}
        return restoring.put_back(opened.folder / FILES, restored, now, servers=SERVERS, stays=stays)


@contextmanager
def _servers(stack: Stack, screen: Terminal) -> Iterator[None]:
    started = []
    try:
        for component in stack.components:
            with screen.timed(component.name):
                started.append(component)
                component.start()
        yield
    finally:
        for component in reversed(started):
            component.stop()


async def _fill(stack: Stack, installation: Installation, opened: Opened, screen: Terminal) -> Report:
    passwords = {service: secret(stack.folders.secrets / f"database-{service}") or "" for service in SERVICES}
    with screen.timed("database"):
        report = await restoring.restore_database(installation, opened, passwords)
    with screen.timed("log"):
        await asyncio.to_thread(stack.make_topics)
        await restoring.rejoin_log(installation, opened, report)
    return report
