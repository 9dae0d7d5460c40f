"""Finds the real files that tests read.

DAYAR_DATA names the folder of real files. Without DAYAR_DATA, the folder is beside the checkout.
"""

import os
from pathlib import Path
from typing import Any

import pytest

NONE = "no DAYAR_DATA"


FOLDER = Path(os.environ.get("DAYAR_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Returns the folder of real files.

    Without the folder, the test is skipped. Under `CI=true`, the test fails instead.
    """
    if not is_there():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{NONE}: no real files at {FOLDER}")
        pytest.skip(NONE)
    return FOLDER


def is_there() -> bool:
    return (FOLDER / "README.md").is_file()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Prints the number of skipped tests, so that nobody mistakes a partial run for a complete run."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NONE in str(report.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} journeys on real files not run: {NONE}")
