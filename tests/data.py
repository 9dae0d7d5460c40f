"""Finds real files for tests in the folder that DAYAR_DATA names, or else in a folder beside the checkout."""

import os
from pathlib import Path
from typing import Any

import pytest

NONE = "no DAYAR_DATA"


FOLDER = Path(os.environ.get("DAYAR_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real files. If the folder does not exist, the test is skipped, or fails under `CI=true`."""
    if not is_there():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{NONE}: no real files at {FOLDER}")
        pytest.skip(NONE)
    return FOLDER


def is_there() -> bool:
    return (FOLDER / "README.md").is_file()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints how many tests were skipped, so that nobody mistakes a partial run for a complete one."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NONE in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} journeys on real files not run: {NONE}")
