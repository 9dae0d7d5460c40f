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
    """A phone that has cached the form, and has no reports, drafts, PIN or account."""
    yield from emptied(used_phone)


@pytest.fixture
def phone_with_set_clock(used_phone_with_set_clock: UsedPhone) -> Iterator[BrowserContext]:
    """A phone like `phone`. Each test sets the phone's clock to a fixed time before it opens the form."""
    yield from emptied(used_phone_with_set_clock)


def emptied(phone: UsedPhone) -> Iterator[BrowserContext]:
    # the phone is emptied again, because the browser may store the last writes of a closed page late
    phone.empty()
    yield phone.context
    phone.empty()


@pytest.fixture
def fresh_phone(browser: Browser) -> Iterator[BrowserContext]:
    """A phone that never opened the form, whose clock, connection and requests a test can change."""
    context = new_phone(browser, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()
