"""Reads the files that people give to commands."""

import sys
from pathlib import Path


class BadFile(Exception):
    """A file cannot be used. The text of the error is for the person who gave the file."""


def content(file: Path, most_bytes: int) -> bytes:
    """Read the file, but at most one byte more than `most_bytes`, so that the caller can refuse a longer file.

    `-` is the standard input. Raises BadFile.
    """
    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(most_bytes + 1)
        with file.open("rb") as stream:
            return stream.read(most_bytes + 1)
    except OSError as error:
        raise BadFile(f"{file}: {error.strerror}.") from None


def limited(file: Path, most_bytes: int) -> bytes:
    """Raises BadFile if the file cannot be read or has more than `most_bytes` bytes."""
    read = content(file, most_bytes)
    if len(read) > most_bytes:
        raise BadFile(f"A file of at most {most_bytes // 1024 // 1024} MiB is expected.")
    return read
