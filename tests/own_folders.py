"""Each test's own folder, `tmp_path`. The folder is removed after the test, unless the test failed."""

import re
import shutil
from collections.abc import Generator
from pathlib import Path

import pytest

LONGEST_NAME = 30  # the path of a socket in the folder may have at most 107 bytes
FOLDER, HAS_FAILED = pytest.StashKey[Path](), pytest.StashKey[bool]()


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A failed fixture also keeps the folder, because the folder has the logs of the servers that the fixture started.

    pytest's own `tmp_path` stays only if the test itself failed.
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
