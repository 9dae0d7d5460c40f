"""As whom the programs run when root starts them, and what each of them may read.

The numbers belong to no account, so nothing is made on the machine: between those that Debian and systemd give away.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER, FILE = 0o2750, 0o640  # a folder whose files, also those that come later, its group reads


@dataclass(frozen=True, slots=True)
class User:
    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def switch(self) -> list[str]:
        """The words that tell setpriv."""
        groups = ["--groups", ",".join(map(str, self.groups))] if self.groups else ["--clear-groups"]
        return ["--reuid", str(self.uid), "--regid", str(self.gid), *groups, "--no-new-privs"]

    def may(self, test: str, *paths: Path) -> bool:
        """By the letters of test(1): `r` to read, `w` to write, `x` to run or to enter."""
        words = ["sh", "-c", f'for each; do test -{test} "$each" || exit 1; done', "sh", *map(str, paths)]
        return subprocess.run(["setpriv", *self.switch(), "--", *words], check=False, cwd="/").returncode == 0  # noqa: S603, S607


SERVICES = User(60771, 60771)
OPENER = User(60772, 60772, (SERVICES.gid,))  # the registry's workers: they alone open what is sealed
KAFKA = User(60773, 60773)
VALKEY = User(60774, 60774)


def if_root(user: User) -> User | None:
    """Whoever is not root runs everything as himself."""
    return user if os.geteuid() == 0 else None


def named(name: str) -> User:
    """Raises KeyError."""
    known = pwd.getpwnam(name)
    return User(known.pw_uid, known.pw_gid)


def own(folder: Path, user: User) -> None:
    """Gives the folder, made if need be, and all that is in it. Called while nobody runs who could change it meanwhile."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if path.lstat().st_uid != user.uid:
            os.chown(path, user.uid, user.gid, follow_symlinks=False)


def let_read(folder: Path, group: int, *, but: Sequence[Path] = ()) -> None:
    """A folder of root's that the group reads, with all that is in it but these folders."""
    for path in (folder, *folder.rglob("*")):
        if not any(path.is_relative_to(each) for each in but):
            os.chown(path, 0, group)
            path.chmod(FOLDER if path.is_dir() else FILE)
