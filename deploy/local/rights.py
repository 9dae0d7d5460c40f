"""If root starts the stack, gives the services' users access to some files in the state folder.

Only root can read the other files in the folder.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from deploy.local.component import Folders
from deploy.local.messages import CannotStart
from deploy.local.paths import make_passable
from deploy.local.users import OPENER, SERVICES, let_read, own
from shared.events.topics import SERVICES as NAMES

READ = ("valkey", *(f"{server}-{service}" for server in ("kafka", "database") for service in NAMES))
WRITTEN = ("spool", "access", "watch")
FILES = ("_FILE", "PLACES_PATH", "ALERTS_CHECKLISTS", "ALERTS_RULES", "ALERTS_SMS_PROFILE")


class PaperClosed(CannotStart):
    """Root started the services, so the console's worker runs as user 60771, and it cannot write to PAPER_FOLDER.

    Give it the folder (chown 60771 FOLDER) and let it enter the folders above, or choose another folder.
    """


class FileClosed(CannotStart):
    """Root started the services, so they run as users 60771 and 60772, and these cannot read a file that is set.

    Give the file to their group: chgrp 60771 FILE; chmod g+r FILE, and let them enter the folders above.
    """


def grant(folders: Folders) -> None:
    """Rights are granted at each start, because files may be new or come from an earlier release."""
    secrets = folders.secrets
    private = secrets / "seal" / "private"
    for path in secrets.iterdir():
        if path.is_dir():
            let_read(path, SERVICES.gid, but=[private])
    let_read(private, OPENER.gid)
    for name in READ:
        _give_group(secrets / name, 0o640)
    if folders.places.exists():  # After a restore, only root could read the places bundle.
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
    """Raises FileClosed if the services cannot read a file that the settings name."""
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
    """Raises PaperClosed if the console's worker cannot write its files for the printer.

    A folder of root is given to the services' user. If another user owns the folder, the owner stays.
    """
    with suppress(OSError):  # A network share may refuse root, although the worker may write there.
        make_passable(folder.parent)
        folder.mkdir(mode=0o750, exist_ok=True)
        if folder.stat().st_uid == 0:
            os.chown(folder, SERVICES.uid, -1)
    if not (SERVICES.may("w", folder) and SERVICES.may("x", folder)):
        raise PaperClosed(folder)
