"""The files of a decrypted backup are removed when the command that decrypted them ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import clean, paths, state
from deploy.local.staging import PREFIX, staging

AT_WORK = """
import pathlib, signal, sys
from deploy.local.staging import staging
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.default_int_handler)
with staging(pathlib.Path(sys.argv[1])) as folder:
    (folder / "households").write_text("names")
    print("decrypted", flush=True)
    sys.stdin.read()
"""


@contextmanager
def at_work(root: Path) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-c", AT_WORK, str(root)]
    with subprocess.Popen(
        words, cwd=paths.ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "decrypted\n"
        try:
            yield command
        finally:
            command.kill()


def decrypted(root: Path) -> list[Path]:
    return list(root.glob(f"{PREFIX}*/households"))


def test_what_a_killed_command_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    with at_work(tmp_path) as command:
        command.send_signal(signal.SIGKILL)
        command.wait()
        assert len(decrypted(tmp_path)) == 1
    with staging(tmp_path):
        assert decrypted(tmp_path) == []


def test_command_at_work_keeps_its_folder(tmp_path: Path) -> None:
    with at_work(tmp_path), staging(tmp_path):
        assert len(decrypted(tmp_path)) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_command_that_is_told_to_end_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    with at_work(tmp_path) as command:
        command.send_signal(number)
        command.wait()
        assert list(tmp_path.iterdir()) == []


def test_start_and_clean_state_remove_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE", str(tmp_path))
    tmp_path.chmod(0o700)

    def left() -> list[Path]:
        (tmp_path / f"{PREFIX}killed").mkdir(exist_ok=True)
        (tmp_path / f"{PREFIX}killed" / "households").touch()
        return decrypted(tmp_path)

    assert len(left()) == 1
    clean.main()
    assert decrypted(tmp_path) == []
    assert len(left()) == 1
    with state.held(tmp_path, exercise=True, kafka_port=None):
        assert decrypted(tmp_path) == []


def test_folder_of_another_user_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{PREFIX}theirs").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with staging(tmp_path):
        assert (tmp_path / f"{PREFIX}theirs").is_dir()
