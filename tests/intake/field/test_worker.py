"""What the phone keeps of the form itself: for the time without a signal, and on a phone without room."""

from playwright.sync_api import BrowserContext, Page, expect

from services.intake.field import pages
from tests.intake.field.phones import FORM, Centre, opened


def test_every_file_of_the_form_is_kept_for_the_time_without_a_signal() -> None:
    kept = (pages.STATIC / "worker.js").read_text(encoding="utf-8")
    scripts = {file.name for file in pages.STATIC.iterdir()} - {"worker.js"}
    assert [name for name in sorted(scripts) if f"/files/{name}" not in kept] == []


def full(phone: BrowserContext, page: Page, centre: Centre) -> None:
    """The phone has no room left for another byte of this page."""
    session = phone.new_cdp_session(page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": centre.url, "quotaSize": 1})


KEEP_OLD = """async address => {
  const kept = await caches.open("field-1");
  await kept.put(address, new Response("what was kept", { headers: { "content-type": "text/html" } }));
}"""


def test_a_full_phone_shows_what_came_from_the_network(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.evaluate(KEEP_OLD, f"{FORM}?lang=en")
    full(phone, page, centre)
    page.reload()
    expect(page.locator("#form-title")).to_have_text("New report")


def test_a_full_phone_that_kept_nothing_opens_the_form(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    assert page.evaluate("caches.delete('field-1')")
    full(phone, page, centre)
    page.reload()
    expect(page.locator("#account")).to_be_hidden()
    expect(page.locator("#signing")).to_be_visible()
