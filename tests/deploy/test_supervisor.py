"""`make run`'s supervisor: what is killed comes back, what it leaves is ended, what stops a start is said."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Consumer

from deploy.local import homes
from deploy.local.options import GIVEN
from deploy.local.process import wait_until
from deploy.local.supervisor import PATHS, answers

pytestmark = pytest.mark.parts


class Run:
    """One `make run` of an empty installation."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "main"
        self.port = homes.free_port()
        self._root = root
        self.start()

    def start(self) -> None:
        self.output = self._root / "output"
        with self.output.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "deploy.local"], cwd=homes.ROOT, stdout=output, stderr=output,
                env={**own_environment(), "STATE": str(self._root), "PORT": str(self.port), "DEMO": "0"},
            )  # fmt: skip
        assert wait_until(lambda: self.is_up or self.supervisor.poll() is not None, timeout=120, every=0.2), self.said
        assert self.supervisor.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def is_up(self) -> bool:
        return "Ctrl-C stops" in self.said

    def pid(self, name: str) -> int:
        return int((self.folder / "run" / f"{name}.pid").read_text().split()[0])

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.supervisor.pid).children(recursive=True)


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    root = Path(tempfile.mkdtemp(prefix="dayar-run-"))
    root.chmod(0o711)  # as root, PostgreSQL's user has its folder below
    started = Run(root)
    yield started
    started.supervisor.kill()
    started.supervisor.wait()
    shutil.rmtree(root, ignore_errors=True)


def test_an_integrator_is_told_of_settings_that_read_hazards(run: Run) -> None:
    file = run.folder / "secrets" / "integrator.json"
    assert str(file) in run.said
    assert file.stat().st_mode & 0o777 == 0o600
    seen = Consumer({**json.loads(file.read_text()), "group.id": "integrator.test"}).list_topics(
        "dayar.hazards", timeout=20
    )
    assert seen.topics["dayar.hazards"].error is None


@pytest.mark.parametrize("name", ["registry-worker", "web", "valkey", "kafka", "postgres"])
def test_what_is_killed_comes_back(run: Run, name: str) -> None:
    killed = run.pid(name)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: f"{name} ended (signal 9)" in run.said, timeout=10), run.said
    assert wait_until(lambda: run.pid(name) != killed and all_answer(run), timeout=60, every=0.2), run.said


def test_nothing_outlives_a_killed_supervisor_and_all_comes_again(run: Run) -> None:
    children = run.children()
    assert len(children) >= 8
    run.supervisor.kill()
    run.supervisor.wait()
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    run.start()
    assert all_answer(run)


def test_sigterm_stops_everything_in_order(run: Run) -> None:
    children = run.children()
    run.supervisor.terminate()
    assert run.supervisor.wait(timeout=60) == 0
    assert not any(child.is_running() for child in children)
    assert list((run.folder / "run").glob("*.pid")) == []
    assert "Stopped." in run.said


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "deploy.local"], cwd=homes.ROOT, capture_output=True, text=True, check=False,
            env={**own_environment(), "STATE": str(tmp_path / "state"), "PORT": str(port)}, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"PORT={port}" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def own_environment() -> dict[str, str]:
    """Without the parts that the tests were given: they are not this installation's to migrate."""
    return {name: value for name, value in os.environ.items() if name not in GIVEN.values()}


def all_answer(run: Run) -> bool:
    return all(answers("127.0.0.1", run.port, path) for path in PATHS)
