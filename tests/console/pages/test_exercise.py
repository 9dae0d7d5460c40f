"""An exercise installation sends no message. No page of an exercise says that a message was delivered."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from deploy.local.process import wait_until
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, Status
from tests.console.pages.conftest import Seat, Whole, newest_alert, wait_for_words
from tests.console.pages.contexts import new_context
from tests.installation import Ground, installed

DELIVERED, PROCESSED = ("delivered", "доставлено", "жеткирилди"), ("processed", "обработано", "иштетилди")


@pytest.fixture
def exercise(ground: Ground, tmp_path: Path) -> Iterator[Whole]:
    with installed(ground, tmp_path, partitions=2, exercise=True) as installation:
        running = Whole(installation)
        yield running
        running.stop()


def test_an_exercise_never_says_delivered(exercise: Whole, browser: Browser) -> None:
    on_exercise = frozenset({Status.EXERCISE})
    exercise.replace_receivers(
        Receiver("duty", DeliveryChannel.EMAIL, "duty@centre.example", statuses=on_exercise),
        Receiver(
            "group",
            DeliveryChannel.TELEGRAM,
            "telegram:-100",
            language="en",
            statuses=on_exercise,
            is_internal=True,
        ),
    )
    exercise.report_hazard(type="rockfall", status="Exercise")
    desk = Seat(exercise, new_context(browser), Role.OPERATOR)
    page = desk.open("/")
    row = newest_alert(page, "Rockfall")
    expect(row).to_be_visible()
    alert = f"/alerts/{row.get_attribute('data-key')}"
    settled = page.locator(".notified", has_text="Processed")
    wait_for_words(page, f"{exercise.url}{alert}?lang=en", "Processed")
    assert wait_until(lambda: bool(page.goto(f"{exercise.url}{alert}?lang=en")) and settled.count() > 0, timeout=60)
    for language, delivered, processed in zip(("en", "ru", "ky"), DELIVERED, PROCESSED, strict=True):
        for path in ("/", "/new-event", "/ledger", "/alerts/deliveries", alert):
            page.goto(f"{exercise.url}{path}?lang={language}")
            assert delivered not in words(page), (path, language)
        assert processed in words(page), "on the alert's own page, the last of them"
    page.goto(f"{exercise.url}/alerts/deliveries?lang=en")
    message = page.locator(".sent li", has_text="Telegram")
    message.locator("summary").click()
    expect(message.locator("pre")).to_contain_text("Severity: ")
    buttons = ["Acknowledge", "On behalf of…", "Start work", "Snooze 15 min", "Assign…", "Close…"]
    expect(message.locator("p .tag")).to_have_text(buttons)
    desk.context.close()


def words(page: Any) -> str:
    return str(page.locator("body").inner_text()).lower()
