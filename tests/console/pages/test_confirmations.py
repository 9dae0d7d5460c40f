"""Even without events, an open board comes to show evacuees and people whom nobody has confirmed for long."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import update

from deploy.local.process import wait_until
from services.console.config import ConsoleSettings
from services.console.models import BoardHousehold
from shared import events
from shared.auth.tokens import Role
from shared.postgres import database
from tests.console.factories import household
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.test_accessibility import findings
from tests.installation import in_thread

Take = Callable[..., Seat]
MINUTE_MS = 61_000


async def a_day_passes(settings: ConsoleSettings, of: events.HouseholdRegistered) -> None:
    engine = database.engine(settings)
    async with database.sessions(engine).begin() as session:
        earlier = BoardHousehold.confirmed_at - timedelta(hours=25)
        own = BoardHousehold.household_id == of.household_id
        await session.execute(update(BoardHousehold).where(own).values(confirmed_at=earlier))
    await engine.dispose()


def test_evacuees_whom_nobody_confirms_for_a_day_appear_without_any_event(whole: Whole, seat: Take) -> None:
    """The board must draw again each minute: people become "not confirmed" without an event."""
    desk = seat(Role.OPERATOR, width=1366, height=768)
    desk.page.clock.install()
    page = desk.open("/")
    family = household(mobility="evacuation", evacuation="pre_emptive", persons=7)
    whole.publish(family)
    evacuated, unconfirmed = (
        page.locator(f"#confirmations [data-people={name}]") for name in ("evacuated", "unconfirmed")
    )
    expect(evacuated).to_contain_text("before the hazard: ")
    before = unconfirmed.all_inner_texts()  # other tests may have published evacuees without a recent confirmation
    in_thread(a_day_passes(whole.installation.settings(ConsoleSettings), family))

    def is_shown() -> bool:
        shown = unconfirmed.all_inner_texts()
        return shown != before and any("not confirmed for long: " in text for text in shown)

    def is_shown_after_a_minute() -> bool:
        """The clock moves only once per answer, because a moved clock would end a call without an answer."""
        with page.expect_response("**/board/households*"):
            page.clock.fast_forward(MINUTE_MS)
        return wait_until(is_shown, timeout=2)

    # readers share the service's figures for some seconds, so the figures of the first minute may be too old
    assert wait_until(is_shown_after_a_minute, timeout=240)
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}/?lang={language}")
        for width in (360, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
    assert findings(page) == []
    assert desk.errors == []
