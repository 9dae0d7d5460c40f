"""Chooses the installation for a command. The default is the installation of `make run`."""

import fcntl
import getpass
import os
from pathlib import Path

import typer

from deploy.local import paths
from deploy.local.options import GIVEN

SERVICES = "WATCH_SERVICES"  # the container of `dayar watch` has only this variable


def load() -> None:
    """Set the installation's environment variables if none of them is set."""
    if any(name in os.environ for name in (*GIVEN.values(), SERVICES)):
        return
    root = Path(os.environ.get("STATE") or paths.states())
    wanted = ("main",) if os.environ.get("DEMO") == "0" else ("demo", "main")
    folders = [root / name for name in wanted if (root / name / "environment").exists()]
    if not folders:
        typer.echo(f"No installation in {root}: `make run` creates one, STATE= names another folder.", err=True)
        return
    # `max` returns the first folder, `demo`, if no installation runs or both run
    folder = max(folders, key=_is_running)
    typer.echo(f"The installation in {folder}", err=True)
    for line in (folder / "environment").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value


def terminal() -> str:
    """The machine's user who ran the command. The security log shows this user in place of a network address."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # the user of a container may have no name
        return f"terminal:{os.getuid()}"


def _is_running(folder: Path) -> bool:
    """Whether an installation runs in the folder. `make run` locks the folder while the installation runs."""
    with (folder / "lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
