"""Tests the pages of recipients, rosters and message templates in a real browser, used by keyboard."""

from datetime import datetime, timedelta
from itertools import product
from typing import Any

from playwright.sync_api import expect

from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters.rosters import roster_id
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings


def test_a_recipient_with_two_contacts_is_added_by_keyboard_and_tested(whole: Whole, seat: Any) -> None:
    whole.replace_receivers()
    desk = seat(Role.DUTY_HEAD, width=1366, height=768)
    page = desk.open("/alerts/receivers/new?lang=en")
    page.get_by_label("Name of the recipient").fill("Duty officer 2")
    page.get_by_label("Address 1").fill("https://hook.invalid/alerts")
    page.get_by_role("button", name="Add a contact").press("Enter")
    page.get_by_label("Address 2").fill("duty@centre.invalid")
    page.get_by_role("button", name="Move contact 2 up").press("Enter")
    expect(page.get_by_label("Address 1")).to_have_value("duty@centre.invalid")
    expect(page.get_by_label("Name of the recipient")).to_have_value("Duty officer 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    page.get_by_label("Name of the recipient").press("Enter")
    expect(page.locator("#secret")).to_contain_text("whsec_")
    page.get_by_role("link", name="I have kept it").press("Enter")
    page.get_by_role("link", name="Duty officer 2").press("Enter")
    page.get_by_role("link", name="Send a test message").press("Enter")
    page.get_by_role("button", name="Send a test message").press("Enter")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="e-mail")).to_contain_text("No mail server is set")
    assert desk.errors == []
    whole.replace_receivers()


def test_a_roster_with_an_override_is_kept_by_keyboard_and_fits_a_telephone(whole: Whole, seat: Any) -> None:
    addresses = ("Aida", "Bakyt")
    people = (Receiver(name, DeliveryChannel.EMAIL, "d@centre.invalid", kind=ReceiverKind.PERSON) for name in addresses)
    whole.replace_receivers(*people)
    desk = seat(Role.DUTY_HEAD, width=1366, height=768)
    page = desk.open("/alerts/rosters/new?lang=en")
    page.get_by_label("Name of the roster").fill("centre")
    page.get_by_label("Name of the layer").fill("days")
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("People in their order").fill("Aida\nBakyt")
    page.get_by_label("Name of the roster").press("Enter")
    expect(page.locator("#findings")).to_contain_text("no gaps and no overlaps")
    expect(page.locator(".weeks tbody tr")).to_have_count(14)
    page.get_by_label("Person on duty").select_option("Bakyt")
    begin = datetime.now(TIME_ZONE) - timedelta(hours=1)
    page.get_by_label("Begin, Bishkek time").fill(f"{begin:%Y-%m-%dT%H:%M}")
    page.get_by_label("End, Bishkek time").fill(f"{begin + timedelta(days=2):%Y-%m-%dT%H:%M}")
    page.get_by_label("Reason").fill("Aida is ill")
    page.get_by_label("Reason").press("Enter")
    expect(page.locator(".success")).to_have_text("Saved.")
    removal = page.get_by_role("button", name="Remove the override of Bakyt")
    for path, language in product(
        ("", f"/{roster_id('centre')}", f"/{roster_id('centre')}/layers"), ("en", "ru", "ky")
    ):
        page.goto(f"{whole.url}/alerts/rosters{path}?lang={language}")
        for width in (390, 1366):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, language, width)
            assert language != "ky" or findings(page) == []
    page.goto(f"{whole.url}/alerts/rosters/{roster_id('centre')}?lang=en")
    removal.press("Enter")
    expect(page.locator(".success")).to_have_text("Saved.")
    expect(removal).to_have_count(0)
    page.get_by_text("Remove the roster…").press("Enter")
    page.get_by_role("button", name="Remove the roster").press("Enter")
    expect(page.locator(".nothing")).to_have_text("There are no rosters yet.")
    assert desk.errors == []
    whole.replace_receivers()


def test_typing_a_message_template_shows_its_example_or_what_is_wrong(whole: Whole, seat: Any) -> None:
    desk = seat(Role.DUTY_HEAD, width=1366, height=768)
    page = desk.open("/alerts/templates?hazard=jut&severity=Minor&lang=en")
    preview = page.locator('[data-preview="text-sms-en"]')
    expect(preview).to_contain_text("Example with the standard text")
    page.get_by_label("SMS, English").fill("{places}: drive the herds down.")
    expect(preview).to_contain_text("Kadamjai rayon, Leilek rayon: drive the herds down.")
    page.get_by_label("SMS, English").fill("{severty}")
    expect(preview).to_contain_text("“{severty}” is not a field of this channel.")
    assert desk.errors == []
