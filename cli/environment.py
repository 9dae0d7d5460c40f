"""Which installation a command speaks to: the environment's, else the one that `make run` keeps on this machine."""

import fcntl
import getpass
import os
from pathlib import Path

import typer

from deploy.local import paths
from deploy.local.options import GIVEN


def load() -> None:
    """Fills in what the environment leaves open, and says from where, or that there is none."""
    if any(name in os.environ for name in GIVEN.values()):
        return
    root = Path(os.environ.get("STATE") or paths.states())
    wanted = ("main",) if os.environ.get("DEMO") == "0" else ("demo", "main")
    found = [root / name for name in wanted if (root / name / "environment").exists()]
    if not found:
        typer.echo(f"No installation in {root}: `make run` makes one, STATE= names another folder.", err=True)
        return
    folder = max(found, key=_is_running)  # the first of equals
    typer.echo(f"The installation in {folder}", err=True)
    for line in (folder / "environment").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value


def terminal() -> str:
    """From where a command came: the user of this machine who gave it."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user has no name
        return f"terminal:{os.getuid()}"


def _is_running(folder: Path) -> bool:
    """Whether a `make run` holds it."""
    with (folder / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
