"""A command uses the running installation, and prints which installation it uses."""

import os
import subprocess
from pathlib import Path

import pytest

from cli import environment
from deploy.local import state
from deploy.local.options import GIVEN
from tests import preloaded


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DATABASE_URL", "DEMO", *GIVEN.values()):
        monkeypatch.setenv(name, "")  # `dayar` sets these variables; pytest removes the values after the test
        monkeypatch.delenv(name)
    monkeypatch.setenv("STATE", str(tmp_path))
    for name in ("demo", "main"):
        with state.held(tmp_path, exercise=name == "demo", kafka_port=None) as (folders, _):
            (folders.state / "environment").write_text(f"DATABASE_URL=postgresql://{name}\n")
    return tmp_path


def test_a_command_uses_the_running_installation(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with state.held(root, exercise=False, kafka_port=None):
        environment.load()
    assert os.environ["DATABASE_URL"] == "postgresql://main"
    assert str(root / "main") in capsys.readouterr().err


def test_if_no_installation_runs_the_exercise_is_used(root: Path) -> None:
    environment.load()
    assert os.environ["DATABASE_URL"] == "postgresql://demo"


def test_the_command_asks_to_start_a_stopped_installation(root: Path) -> None:
    done = dayar("user", "list", state=root)
    assert done.returncode == 1
    assert "Start it (make run)" in done.stderr and "Traceback" not in done.stderr


def test_a_missing_installation_is_reported(tmp_path: Path) -> None:
    done = dayar("keys", "list", state=tmp_path)
    assert f"No installation in {tmp_path}" in done.stderr


def test_an_invalid_setting_is_reported_in_one_line(root: Path) -> None:
    done = dayar("backup", state=root, BACKUP_KEEP_DAYS="geheim")
    assert done.returncode == 1
    _used, line = done.stderr.splitlines()
    assert "BACKUP_KEEP_DAYS" in line and "geheim" not in line


def dayar(*words: str, state: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run("cli", *words, env={"PATH": os.environ["PATH"], "STATE": str(state), **settings})
