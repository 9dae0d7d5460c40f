"""Starts `make run` for a test. Each start has its own terminal and its own state folder."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import psutil

from deploy.local import paths
from deploy.local.options import GIVEN, Options
from deploy.local.process import Child, wait_until
from deploy.local.supervisor import PATHS
from shared.liveness import over_http
from tests import preloaded
from tests.compose.project import Desk, rows
from tests.folders import new_folder

# `make run` waits up to 180 s for each server. If root starts `make run`, the libraries are copied too. On a
# busy machine, a start once took 164 s.
START_SECONDS = 600


class Run:
    """Runs `make run` with a new state folder, as people do at a terminal.

    The supervisor is forked from a process that has already imported its module. With
    `is_measured`, a new process imports the module instead.
    """

    def __init__(self, root: Path, *, is_measured: bool = False, **env: str) -> None:
        self.is_measured = is_measured
        self.port = paths.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {"STATE": str(root), "PORT": str(self.port), **env}
        self.folder = root / ("main" if env.get("DEMO") == "0" else "demo")
        self.output = root / "output"

    def start(self) -> None:
        self.output.write_bytes(b"")
        ours, theirs = os.openpty()
        Thread(target=keep, args=(ours, self.output), daemon=True).start()
        self.supervisor = self.spawned(theirs, {**own_environment(), "TERM": "dumb", **self.environment})
        os.close(theirs)
        assert wait_until(lambda: self.is_up or self.supervisor.poll() is not None, timeout=START_SECONDS, every=0.2), (
            f"after {START_SECONDS} s: {self.printed!r}, running: {[child.name() for child in self.children()]}"
        )
        assert self.supervisor.poll() is None, self.printed

    def spawned(self, output: int, env: dict[str, str]) -> Child:
        if self.is_measured:
            command = [sys.executable, "-m", "deploy.local"]
            return subprocess.Popen(command, cwd=paths.ROOT, stdout=output, stderr=output, env=env)
        with Path(os.devnull).open("rb") as nothing:
            return preloaded.forked(["deploy.local"], env, (nothing.fileno(), output, output))

    def send(self, number: signal.Signals) -> None:
        if self.supervisor.poll() is None:
            os.kill(self.supervisor.pid, number)

    def stop(self) -> None:
        self.send(signal.SIGTERM)
        assert self.supervisor.wait(timeout=300) == 0, self.printed

    def kill(self) -> None:
        children = self.children()
        assert len(children) >= 10
        self.send(signal.SIGKILL)
        self.supervisor.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert alive == []

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def is_up(self) -> bool:
        return "Ctrl-C stops" in self.printed

    def pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text().split()[0])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.supervisor.pid).children(recursive=True)


def keep(terminal: int, output: Path) -> None:
    # after the terminal's last process has ended, a read raises an OSError
    with output.open("ab", buffering=0) as file, suppress(OSError):
        while chunk := os.read(terminal, 4096):
            file.write(chunk)
    os.close(terminal)


@contextmanager
def running(*, is_measured: bool = False, **env: str) -> Iterator[Run]:
    root = new_folder("dayar-run-")
    run = Run(root, is_measured=is_measured, **env)
    try:
        run.start()
        yield run
    finally:
        run.send(signal.SIGKILL)
        run.supervisor.wait()
        shutil.rmtree(root, ignore_errors=True)


def own_environment() -> dict[str, str]:
    """Returns the environment without the addresses of external servers: a start would migrate an external database."""
    return {name: value for name, value in os.environ.items() if name not in GIVEN.values()}


def all_answer(run: Run) -> bool:
    options = Options.read(run.environment)
    name = urlsplit(options.public_url).hostname or options.host
    return all(over_http(options.host, options.port, name, path=path)() for path in PATHS)


def soon_answer(run: Run) -> bool:
    """Returns whether all services answer within two minutes.

    On a busy machine, the first answer after a start may take long.
    """
    return wait_until(lambda: all_answer(run), timeout=120, every=0.2)


def is_settled(desk: Desk) -> bool:
    return all(row["on_its_way"] == 0 for row in rows(desk.ledgers()))
