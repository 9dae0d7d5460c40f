"""Makes the folders in which the servers of the tests keep their files."""

import shutil
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
# four workers need 1 GB; a machine with less than 4 GB should keep its memory for the tests' processes
ENOUGH_BYTES = 4 << 30


def new_folder(prefix: str) -> Path:
    """Makes a folder in memory, or on disk if the machine has too little memory (docs/decisions/0083)."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if has_enough_memory() else None))
    folder.chmod(0o711)  # if root runs the tests, PostgreSQL's user must be able to enter its subfolder
    return folder


def has_enough_memory() -> bool:
    return (
        MEMORY.is_mount()
        and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
        and psutil.virtual_memory().available >= ENOUGH_BYTES
    )
