"""A centre that answers phones, and a phone's browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browsers import SLOW_MS, chromium
from tests.installation import Ground, Installation
from tests.intake.field.phones import Centre


@pytest.fixture(scope="package")
def shared_installation(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One for all phones."""
    made = Installation(ground, tmp_path_factory.mktemp("installation") / "installation")
    yield made
    made.remove()


@pytest.fixture(scope="package")
def centre(shared_installation: Installation) -> Iterator[Centre]:
    made = Centre(shared_installation)
    yield made
    made.stop()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()
