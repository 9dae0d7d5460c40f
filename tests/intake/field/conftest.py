"""Fixtures: the running services of a centre, and the browser of a phone that sends reports to them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browsers import SLOW_MS
from tests.installation import Installation
from tests.intake.field.phones import Centre, new_phone
from tests.packages import browser, shared_installation

__all__ = ["browser", "shared_installation"]


@pytest.fixture(scope="package")
def centre(shared_installation: Installation) -> Iterator[Centre]:
    made = Centre(shared_installation)
    yield made
    made.stop()


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = new_phone(browser, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()
