"""If a test or one of its fixtures fails, the test's folder stays."""

import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.fixture
def does_not_start(tmp_path):
    raise RuntimeError

@pytest.fixture
def does_not_end(tmp_path):
    yield
    raise RuntimeError

def test_start(does_not_start): pass
def test_itself(tmp_path): raise RuntimeError
def test_end(does_not_end): pass
def test_without_a_failure(tmp_path): pass
"""


def test_the_folder_of_a_failed_test_stays(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntmp_path_retention_policy = failed")
    alone = ("--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "tests.own_folders")
    folders = tmp_path / "folders"
    command = [sys.executable, "-m", "pytest", *alone, f"--basetemp={folders}", f"--rootdir={tmp_path}", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "1 failed, 2 passed, 2 errors" in ended.stdout, ended.stdout
    stayed = {path.name for path in folders.iterdir() if not path.is_symlink()}
    assert stayed == {"test_start0", "test_itself0", "test_end0"}
