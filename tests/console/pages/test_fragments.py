"""An open page renews its warnings and notices each minute, without a reload."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import delete

from services.console.checks import CheckName, InstallationCheck
from services.console.config import ConsoleSettings
from services.console.models import StoredCheck
from services.console.queries import checks
from shared.auth.tokens import Role
from shared.postgres import database
from tests.browsers import wait_for_call
from tests.console.pages.conftest import Seat, Whole
from tests.installation import in_thread

MINUTE_MS = 61_000
OUTDATED = """
() => document.querySelector("[data-fragment='/registry/occupied-sites']").dispatchEvent(new CustomEvent("outdated"))
"""


class Backups:
    def __init__(self, whole: Whole) -> None:
        self.settings = whole.installation.settings(ConsoleSettings)

    def record(self, *, is_well: bool) -> None:
        in_thread(self._record(InstallationCheck(CheckName.BACKUP, datetime.now(UTC), is_well)))

    def forget(self) -> None:
        in_thread(self._record(None))

    async def _record(self, check: InstallationCheck | None) -> None:
        engine = database.engine(self.settings)
        async with database.sessions(engine).begin() as session:
            if check:
                await checks.record(session, check)
            else:
                await session.execute(delete(StoredCheck).where(StoredCheck.name == CheckName.BACKUP))
        await engine.dispose()


@pytest.fixture
def backups(whole: Whole) -> Iterator[Backups]:
    recorded = Backups(whole)
    yield recorded
    recorded.forget()


def test_an_open_board_shows_a_failed_backup_until_the_next_one_succeeds(
    seat: Callable[..., Seat], backups: Backups
) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.clock.install()
    page = desk.open("/")
    warning = page.locator(".disconnected", has_text="failed")
    expect(warning).to_have_count(0)
    backups.record(is_well=False)
    page.clock.fast_forward(MINUTE_MS)
    expect(warning).to_be_visible()
    backups.record(is_well=True)
    page.clock.fast_forward(MINUTE_MS)
    expect(warning).to_have_count(0)


def test_a_notice_stays_while_its_service_does_not_answer(seat: Callable[..., Seat]) -> None:
    desk = seat(Role.ADMINISTRATOR)
    desk.page.clock.install()
    page = desk.open("/")
    notice = page.locator(".notice", has_text="second factor")
    expect(notice).to_be_visible()
    page.route(is_notices, lambda route: route.abort())
    with page.expect_event("requestfailed", lambda request: is_notices(request.url)):
        page.clock.fast_forward(MINUTE_MS)
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(() => resolve()))")
    expect(notice).to_be_visible()


def test_at_the_start_only_the_parts_that_the_page_came_without_are_fetched(seat: Callable[..., Seat]) -> None:
    desk = seat(Role.ADMINISTRATOR)
    fetched: list[str] = []
    desk.page.on("request", lambda request: fetched.append(urlsplit(request.url).path))
    page = desk.open("/")
    expect(page.locator(".notice", has_text="second factor")).to_be_visible()
    assert "/notices" in fetched and "/board/checks" not in fetched


def test_a_slow_service_gets_one_request_at_a_time(seat: Callable[..., Seat]) -> None:
    asked: list[Route] = []
    desk = seat(Role.OPERATOR)
    desk.page.route("**/registry/occupied-sites", lambda route: asked.append(route))  # noqa: PLW0108 - playwright marks it
    page = desk.open("/")
    first = wait_for_call(page, asked)
    for _ in range(3):
        page.evaluate(OUTDATED)
    page.wait_for_timeout(300)
    assert len(asked) == 1
    asked.clear()
    first.fulfill(body="<p>first</p>")
    wait_for_call(page, asked).fulfill(body="<p>second</p>")
    expect(page.locator("[data-fragment='/registry/occupied-sites']")).to_have_text("second")


def is_notices(url: str) -> bool:
    """True for the console's notices, and False for the registry's notices."""
    return urlsplit(url).path == "/notices"
