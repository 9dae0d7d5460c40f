"""Fixtures for the files of one package. The package's `conftest.py` imports them.

One worker runs all tests of a package in `SHARED`.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browsers import chromium
from tests.installation import Ground, Installation, Web, installed


@pytest.fixture(scope="package")
def shared_installation(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(ground, tmp_path_factory.mktemp("installation"), partitions=2) as installation:
        yield installation


@pytest.fixture(scope="package")
def web(shared_installation: Installation) -> Web:
    return shared_installation.web()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched
