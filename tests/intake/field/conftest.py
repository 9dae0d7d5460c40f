"""Fixtures that start a centre's services, and the browser of a phone that sends reports to the centre."""

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
    yield from used(browser, centre)


@pytest.fixture(scope="package")
def used_phone_with_set_clock(browser: Browser, centre: Centre) -> Iterator[UsedPhone]:
    yield from used(browser, centre)


def used(browser: Browser, centre: Centre) -> Iterator[UsedPhone]:
    phone = UsedPhone(browser, centre)
    phone.context.set_default_timeout(SLOW_MS)
    yield phone
    phone.context.close()


@pytest.fixture
def phone(used_phone: UsedPhone) -> Iterator[BrowserContext]:
    """A phone with the cached form, without reports, drafts, a PIN or an account."""
    yield from emptied(used_phone)


@pytest.fixture
def phone_with_set_clock(used_phone_with_set_clock: UsedPhone) -> Iterator[BrowserContext]:
    """A phone like `phone`. Each test sets the phone's clock to a fixed time before it opens the form."""
    yield from emptied(used_phone_with_set_clock)


def emptied(phone: UsedPhone) -> Iterator[BrowserContext]:
    # emptied before and after the test: the browser may store a closed page's last writes late
    phone.empty()
    yield phone.context
    phone.empty()


@pytest.fixture
def fresh_phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that has never opened the form. A test may change the phone's clock, connection and requests."""
    context = new_phone(browser, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()
