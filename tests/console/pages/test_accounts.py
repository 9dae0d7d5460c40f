"""Tests in a real browser how an administrator adds an account, and how its person enrols by the link."""

import re
from collections.abc import Callable
from http import HTTPStatus
from itertools import product
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.pages.conftest import Seat
from tests.console.pages.test_accessibility import findings
from tests.console.signing_in import SOON

Take = Callable[..., Seat]
CHOSEN = "own words of a person"


def test_a_person_is_added_enrols_by_the_link_and_is_signed_out_by_the_administrator(seat: Take) -> None:
    desk, phone = seat(Role.ADMINISTRATOR, width=1366, height=768), seat(Role.VIEWER, width=360, height=740)
    page, name = desk.open("/accounts/new?lang=en"), f"aida-{uuid4().hex[:6]}"
    page.get_by_label("User name").fill(name)
    page.get_by_label("Job title").fill("Operator, shift 2")
    page.get_by_label("Telephone").fill("+996 555 123456")
    page.locator("#language").select_option("ru")
    page.get_by_label("Job title").press("Enter")
    expect(page.locator("#wrong-roles")).to_have_text("At least one role is expected.")
    page.get_by_role("checkbox", name="Operator", exact=True).press("Space")
    page.get_by_label("User name").press("Enter")
    expect(page.locator(".qr svg")).to_be_visible()
    link = urlsplit(page.locator("#link").inner_text())
    for width in (360, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(page) == []

    own = phone.page
    own.goto(f"{phone.whole.url}{link.path}?{link.query}#{link.fragment}")
    expect(own.locator("#name")).to_have_value(name)
    assert own.locator("html").get_attribute("lang") == "ru"
    assert link.fragment not in own.url
    language_links_keep_the_token(own, name)
    assert own.evaluate("document.documentElement.scrollWidth") <= 360
    assert findings(own) == []
    for password, problem in (("dayar dayar dayar", "#new-problem"), (CHOSEN, "")):
        own.fill("#new", password)
        own.fill("#again", password)
        own.locator("#again").press("Enter")
        if problem:
            expect(own.locator(problem)).to_be_visible()
    expect(own.locator("#panel-alerts")).to_be_visible()
    used = phone.context.new_page()
    used.goto(f"{phone.whole.url}{link.path}?{link.query}#{link.fragment}")
    expect(used.locator(".failure")).to_contain_text("Ссылка больше не действует")

    page.get_by_role("link", name="I have passed it on").press("Enter")
    expect(page.locator("tr[data-key]")).to_have_count(1)
    expect(page.get_by_label("Telephone")).to_have_value("+996 555 123456")
    paths = ("/accounts", "/accounts/new", urlsplit(page.url).path)
    for path, (language, width) in product(paths, (("ky", 360), ("ru", 360), ("en", 1366))):
        page.set_viewport_size({"width": width, "height": 768})
        page.goto(f"{desk.whole.url}{path}?lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, language, width)
        assert language != "ru" or findings(page) == []
    page.locator("tr[data-key] button").press("Enter")
    expect(page.locator("tr[data-key]")).to_have_count(0)
    panel = f"{phone.whole.url}/board/alerts"
    assert wait_until(lambda: phone.context.request.get(panel).status == HTTPStatus.UNAUTHORIZED, timeout=SOON)
    page.get_by_text("Disable…").press("Enter")
    page.get_by_role("button", name="Disable the account").press("Enter")
    expect(page.get_by_role("button", name="Enable the account")).to_be_visible()
    look_for(page, desk.whole.url, name)
    assert [error for error in desk.errors if "422" not in error] == []


def look_for(page: Page, url: str, name: str) -> None:
    page.goto(f"{url}/accounts?state=disabled")
    words = page.get_by_label("Name, post or organisation")
    words.fill(name.upper())
    expect(page.locator("#shown")).to_have_text("1")
    expect(page.locator("tbody tr").filter(visible=True)).to_have_text([re.compile(name)])
    words.press("Enter")
    words.fill("nobody of this name")
    expect(page.get_by_text("No account matches.")).to_be_visible()
    assert page.url.endswith("/accounts?state=disabled")


def language_links_keep_the_token(page: Page, name: str) -> None:
    for language in ("en", "ru"):
        page.locator(f".languages a[lang={language}]").press("Enter")
        expect(page.locator(f"html[lang={language}] #name")).to_have_value(name)
