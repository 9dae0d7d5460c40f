"""Fixtures that start the services of a centre, and the browser of a phone that sends reports to the centre."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browsers import SLOW_MS
from tests.installation import Installation
from tests.intake.field.phones import Centre, UsedPhone, new_phone
from tests.packages import browser, shared_installation

__all__ = ["browser", "shared_installation"]


@pytest.fixture(scope="package")
def centre(shared_installation: Installation) -> Iterator[Centre]:
    made = Centre(shared_installation)
    yield made
    made.stop()


@pytest.fixture(scope="package")
def used_phone(browser: Browser, centre: Centre) -> Iterator[UsedPhone]:
    used = UsedPhone(browser, centre)
    used.context.set_default_timeout(SLOW_MS)
    yield used
    used.context.close()


@pytest.fixture
def phone(used_phone: UsedPhone) -> Iterator[BrowserContext]:
    """A phone that has cached the form, and has no reports, drafts, PIN or account."""
    # the phone is emptied again, because the browser may store the last writes of a closed page late
    used_phone.empty()
    yield used_phone.context
    used_phone.empty()


@pytest.fixture
def fresh_phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that never opened the form, whose clock, connection and requests a test can change."""
    context = new_phone(browser, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()
