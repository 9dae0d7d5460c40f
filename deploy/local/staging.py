"""Makes the folder into which a command decrypts a backup.

If a kill leaves the folder, the next command that decrypts a backup removes the folder.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".restoring-"


@contextmanager
def staging(root: Path) -> Iterator[Path]:
    remove_abandoned(root)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # the kernel releases the lock when this process ends
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(descriptor)


def remove_abandoned(root: Path) -> None:
    """Removes the decrypted files of killed commands. The folder of a running command is locked, and stays."""
    for folder in root.glob(f"{PREFIX}*"):
        if folder.lstat().st_uid == os.geteuid() and folder.is_dir() and not folder.is_symlink():
            _remove_unlocked(folder)


def _remove_unlocked(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)
