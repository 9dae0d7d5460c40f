"""What the services may read and write of the state folder, where root starts them as other users. Everything else is root's alone."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.component import Folders
from deploy.local.messages import CannotStart
from deploy.local.users import OPENER, SERVICES, let_read, own
from shared.events.topics import SERVICES as NAMES

READ = ("valkey", *(f"{part}-{service}" for part in ("kafka", "database") for service in NAMES))
WRITTEN = ("spool", "access")
FILES = ("_FILE", "PLACES_PATH", "ALERTS_RULES")


class FileClosed(CannotStart):
    """As root started it, the services run as users 60771 and 60772, and these may not read what is set. Give it to their group: chgrp 60771 FILE; chmod g+r FILE, and let them enter the folders above."""


def grant(folders: Folders) -> None:
    """At each start: what was made since, and the state folder of an earlier build."""
    secrets = folders.secrets
    private = secrets / "seal" / "private"
    for path in secrets.iterdir():
        if path.is_dir():
            let_read(path, SERVICES.gid, but=[private])
    let_read(private, OPENER.gid)
    for name in READ:
        _give_group(secrets / name, 0o640)
    if folders.places.exists():  # a restore lays it as root's alone
        _give_group(folders.places, 0o640)
    _give_group(secrets, 0o710)
    folders.run.chmod(0o711)
    _give_group(folders.beats, 0o1770)
    for name in WRITTEN:
        own(folders.state / name, SERVICES)


def _give_group(path: Path, mode: int) -> None:
    os.chown(path, 0, SERVICES.gid)
    path.chmod(mode)


def check_readable(settings: Mapping[str, str]) -> None:
    """Raises FileClosed."""
    files = dict(_files(settings))
    if not SERVICES.may("r", *files):
        closed = [f"{name}={file}" for file, name in files.items() if not SERVICES.may("r", file)]
        raise FileClosed(*closed)


def _files(settings: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    for name, value in settings.items():
        for service in NAMES if name.endswith(FILES) else ():
            file = Path(value.replace("{service}", service))
            if file.exists():
                yield file, name


def give_paper(folder: Path) -> None:
    """The console's worker writes there: made for it, or given where it was root's; another's is left as it is."""
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    if folder.stat().st_uid == 0:
        os.chown(folder, SERVICES.uid, -1)
