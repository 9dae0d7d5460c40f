"""Fixtures of the journeys through the whole system."""

from collections.abc import Iterator

import pytest

from shared.events.topics import SERVICES
from tests.console.conftest import Served
from tests.installation import Installation


@pytest.fixture
def centre(installation: Installation) -> Iterator[Served]:
    workers = [installation.start(service, "worker") for service in SERVICES]
    served = Served(installation, installation.web(), *workers)
    yield served
    served.stop()
