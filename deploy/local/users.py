"""Defines the users that run the programs if root starts the stack, and gives these users access to files.

The users need no accounts on the machine. Debian and systemd assign no user ids from this range.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# The group may read. setgid gives each new file the group of its folder.
FOLDER, FILE = 0o2750, 0o640


@dataclass(frozen=True, slots=True)
class User:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def switch(self) -> list[str]:
        """Options of `setpriv`."""
        groups = ["--groups", ",".join(map(str, self.groups))] if self.groups else ["--clear-groups"]
        return ["--reuid", str(self.uid), "--regid", str(self.gid), *groups, "--no-new-privs"]

    def may(self, test: str, *paths: Path) -> bool:
        """`test` is `r` (read), `w` (write) or `x` (run or enter)."""
        words = ["sh", "-c", f'for each; do test -{test} "$each" || exit 1; done', "sh", *map(str, paths)]
        return self._run(*words).returncode == 0

    def may_read_all(self, *folders: Path) -> bool:
        """Bytecode may be unreadable, because Python does not need it."""
        closed = ["!", "-type", "l", "(", "!", "-readable", "-o", "-type", "d", "!", "-executable", ")"]
        done = self._run("find", *map(str, folders), "-name", "__pycache__", "-prune", "-o", *closed, "-print", "-quit")
        return done.returncode == 0 and not done.stdout

    def _run(self, *words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(  # noqa: S603
            ["setpriv", *self.switch(), "--", *words],  # noqa: S607
            cwd="/",
            capture_output=True,
            check=False,
        )


SERVICES = User(60771, 60771)
# Only the registry's workers can decrypt reports, and they run as this user.
OPENER = User(60772, 60772, (SERVICES.gid,))
KAFKA = User(60773, 60773)
VALKEY = User(60774, 60774)


def if_root(user: User) -> User | None:
    """Return None without root's rights, because only root can run programs as other users."""
    return user if os.geteuid() == 0 else None


def named(name: str) -> User:
    """Raises KeyError."""
    known = pwd.getpwnam(name)
    return User(known.pw_uid, known.pw_gid)


def own(folder: Path, user: User) -> None:
    """A missing folder is created. No process may change the folder meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != user.uid:
            os.chown(path, user.uid, user.gid, follow_symlinks=False)


def let_read(folder: Path, group: int, *, but: Sequence[Path] = ()) -> None:
    """Root becomes the owner of the folder. Folders in `but` do not change."""
    for path in (folder, *folder.rglob("*")):
        if not any(path.is_relative_to(excluded) for excluded in but):
            os.chown(path, 0, group)
            path.chmod(FOLDER if path.is_dir() else FILE)


def copy_written(file: Path, target: Path, writer: User | None) -> bool:
    """Copy `file` to `target`, which everybody can read.

    Return False, and copy nothing, if `writer` does not own the file.

    The owner could put a link to a file of root in place of `file`. The function follows no link, and checks and copies
    one open file, so that a replaced file does no harm.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as written:
        known = os.fstat(descriptor)
        if not stat.S_ISREG(known.st_mode) or known.st_uid != (writer.uid if writer else os.geteuid()):
            return False
        target.unlink(missing_ok=True)
        with target.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o644)
            shutil.copyfileobj(written, copy)
    return True
