"""Copies programs for users that cannot read the originals, and removes copies that are no longer needed."""

import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local import paths

NAME = re.compile(r"postgresql-[0-9.]+|.+-[0-9a-f]{12}")
CHECKOUT = "checkout"  # This file in a folder of copies has the path of the copied checkout.
UNUSED_SECONDS = 7 * 86_400


def made(home: Path, name: str, fill: Callable[[Path], None]) -> Path:
    """A missing copy is made in a temporary folder. The complete copy is renamed to `name`."""
    copy = home / name
    if not copy.exists():
        paths.make_passable(home)
        (home / CHECKOUT).write_text(str(paths.ROOT), encoding="utf-8")
        with tempfile.TemporaryDirectory(dir=home) as folder:
            unfinished = Path(folder) / "copy"
            fill(unfinished)
            open_to_all(unfinished)
            with suppress(OSError):  # Another process has just made this copy.
                unfinished.replace(copy)
    # Each use sets this time, because `remove_stale` removes a copy that no start has used for a week.
    os.utime(copy)
    return copy


def open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if path.is_dir() or mode & stat.S_IXUSR else 0o444))


def remove_stale(homes: Path) -> None:
    """Removes copies of checkouts that no longer exist, and copies that no start has used for a week."""
    for home in homes.iterdir() if homes.is_dir() else ():
        is_gone = _is_gone(home)
        _remove([copy for copy in _copies(home) if is_gone or time.time() - copy.stat().st_mtime > UNUSED_SECONDS])
        if is_gone and [path.name for path in home.iterdir()] == [CHECKOUT]:
            shutil.rmtree(home)


def remove_unused(home: Path) -> None:
    """Removes the copies from which no program runs."""
    _remove(list(_copies(home)))


def _is_gone(home: Path) -> bool:
    file = home / CHECKOUT
    return file.is_file() and not Path(file.read_text(encoding="utf-8")).exists()


def _copies(home: Path) -> Iterator[Path]:
    return (path for path in sorted(home.glob("*-*")) if NAME.fullmatch(path.name) and path.is_dir())


def _remove(copies: Sequence[Path]) -> None:
    used = _running() if copies else ()
    for copy in copies:
        if not any(Path(word).is_relative_to(copy) for word in used):
            shutil.rmtree(copy)


def _running() -> set[str]:
    """Returns the program files and the arguments of all processes on this machine."""
    words: set[str] = set()
    for process in psutil.process_iter(["exe", "cmdline"]):
        words.update((process.info["exe"] or "", *(process.info["cmdline"] or ())))
    return {word for word in words if word.startswith("/")}
