"""A preloaded process imports its program at once, and runs the program only after the supervisor's signal."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import paths
from deploy.local.process import Process, wait_until


@pytest.fixture
def process(tmp_path: Path) -> Process:
    argv = [sys.executable, "-m", "deploy.local.preload", "timeit", "-n", "7", "pass"]
    made = Process("timeit", argv, run=tmp_path, logs=tmp_path, cwd=paths.ROOT, is_gated=True)
    made.start()
    return made


def test_at_the_signal_the_program_runs_with_its_arguments(process: Process) -> None:
    process.give_word()
    assert wait_until(lambda: not process.is_running, timeout=60)
    assert process.exit_code == 0
    assert "7 loops" in process.log_tail()


def test_if_the_supervisor_died_the_program_never_runs(process: Process) -> None:
    assert isinstance(process._popen, subprocess.Popen) and process._popen.stdin is not None
    process._popen.stdin.close()
    assert wait_until(lambda: not process.is_running, timeout=60)
    assert process.exit_code == 1
    assert "loops" not in process.log_tail()


def test_a_dead_process_gets_no_signal(process: Process) -> None:
    process.kill9()
    process.give_word()
    assert process.exit_code == -9
