"""Tests the pages of recipients and of message templates in a real browser, by keyboard and while a person types."""

from typing import Any

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole


def test_a_recipient_with_two_contacts_is_added_by_keyboard_and_tested(whole: Whole, seat: Any) -> None:
    whole.replace_receivers()
    desk = seat(Role.DUTY_HEAD, width=1366, height=768)
    page = desk.open("/alerts/receivers")
    page.goto(f"{whole.url}/alerts/receivers/new?lang=en")
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


def test_typing_a_message_template_shows_its_example_or_what_is_wrong(whole: Whole, seat: Any) -> None:
    desk = seat(Role.DUTY_HEAD, width=1366, height=768)
    page = desk.open("/alerts/templates")
    page.goto(f"{whole.url}/alerts/templates?hazard=jut&severity=Minor&lang=en")
    preview = page.locator('[data-preview="text-sms-en"]')
    expect(preview).to_contain_text("Example with the standard text")
    page.get_by_label("SMS, English").fill("{places}: drive the herds down.")
    expect(preview).to_contain_text("Kadamjai rayon, Leilek rayon: drive the herds down.")
    page.get_by_label("SMS, English").fill("{severty}")
    expect(preview).to_contain_text("“{severty}” is not a field of this channel.")
    assert desk.errors == []
