"""Makes folders for the files of the tests' servers."""

import shutil
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
# four workers use 1 GB; a machine with less than 4 GB needs its memory for processes
ENOUGH_BYTES = 4 << 30


def new_folder(prefix: str) -> Path:
    """Makes a folder in memory. On a machine with too little memory, makes the folder on disk (docs/decisions/0083)."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if has_enough_memory() else None))
    folder.chmod(0o711)  # PostgreSQL runs as another user if root runs the tests, and must reach its subfolder
    return folder


def has_enough_memory() -> bool:
    return (
        MEMORY.is_mount()
        and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
        and psutil.virtual_memory().available >= ENOUGH_BYTES
    )
