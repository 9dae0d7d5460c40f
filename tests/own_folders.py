"""Gives each test a folder of its own, `tmp_path`. After the test, the folder is removed, unless the test failed."""

import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

LONGEST_NAME = 30  # a socket in the folder may have a path of at most 107 bytes
FOLDER, HAS_FAILED = pytest.StashKey[Path](), pytest.StashKey[bool]()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder also stays after a failed fixture, because it contains the logs of the servers of this fixture.

    pytest's own `tmp_path` would stay only after a failed test.
    """
    item: pytest.Item = request.node
    folder = item.stash[FOLDER] = tmp_path_factory.mktemp(re.sub(r"\W", "_", item.name)[:LONGEST_NAME])
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    has_failed = item.stash[HAS_FAILED] = report.failed or item.stash.get(HAS_FAILED, False)
    if report.when == "teardown" and not has_failed and FOLDER in item.stash:
        shutil.rmtree(item.stash[FOLDER], ignore_errors=True)
    return report
