"""The fixtures of tests that follow reports through the whole system."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from shared.events.topics import SERVICES
from tests.browsers import chromium
from tests.console.conftest import Served
from tests.installation import Installation


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def centre(installation: Installation) -> Iterator[Served]:
    workers = [installation.start(service, "worker") for service in SERVICES]
    served = Served(installation, installation.web(), *workers)
    yield served
    served.stop()
