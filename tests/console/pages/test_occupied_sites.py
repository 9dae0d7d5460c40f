"""The board lists the sites with people. When a household comes, the list changes without a reload."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from shared.auth.tokens import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.test_accessibility import findings
from tests.intake.factories import group, household

BATKEN = "KG05214000000"
Take = Callable[..., Seat]


def send(whole: Whole, role: Role, method: str, path: str, body: dict[str, Any]) -> None:
    token = whole.installation.token(roles=[role], team=uuid4())
    answer = whole.client(headers={"authorization": f"Bearer {token}"}).request(method, path, json=body)
    assert answer.status_code in (200, 202), answer.text


def test_registered_people_at_a_site_appear_on_an_open_board(whole: Whole, seat: Take) -> None:
    site_id, now = str(uuid4()), datetime.now(UTC).isoformat()
    place = {"type": "tent_camp", "pcode": BATKEN, "capacity": 1}
    send(
        whole,
        Role.OPERATOR,
        "PUT",
        f"/registry/v1/sites/{site_id}",
        {"version": 1, "name_ru": "Лагерь «Аска»", **place},
    )
    desk, viewer = seat(Role.OPERATOR, width=1366, height=768), seat(Role.VIEWER)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    row = page.locator(f"[data-site='{site_id}']")
    expect(row).to_have_count(0)
    family = {"destination": {"pcode": BATKEN}, "site_id": site_id, "occurred_at": now, "reported_at": now}
    send(whole, Role.FIELD, "POST", "/intake/v1/displacements", household(**family))
    expect(row).to_contain_text("registered persons, no count", timeout=SLOW_MS)
    expect(row).to_contain_text("over capacity")
    page.goto(f"{whole.url}/map?lang=en")
    page.locator(f"#sites-rows tr[data-id='{site_id}'] button").click()
    expect(page.locator("#chosen-facts")).to_contain_text("registered persons, no count")
    expect(page.locator("#chosen-facts")).not_to_contain_text("1970")
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}/?lang={language}")
        expect(row.locator("a")).to_have_text("Лагерь «Аска»")
        for width in (360, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
    assert findings(page) == []
    assert "occupied-sites" not in viewer.open("/").content()
    count = {"origin": {"pcode": BATKEN}, "destination": {"pcode": BATKEN}, "site_id": site_id, "occurred_at": now}
    send(whole, Role.FIELD, "POST", "/intake/v1/displacements", group(**count, reported_at=now, persons=87))
    assert desk.errors == [] and viewer.errors == []
    records_open_beside_the_list(page, site_id, whole.url)
    assert len(desk.errors) == 1, "only the record that needs a purpose was refused"


def records_open_beside_the_list(page: Page, site_id: str, url: str) -> None:
    beside, row = page.locator("#beside"), page.locator(f"[data-site='{site_id}']")
    page.goto(f"{url}/?lang=en")
    row.get_by_role("link").click()
    expect(page.locator("#beside-failure")).to_contain_text("State first what records are opened for")
    page.goto(f"{url}/purpose?lang=en")
    page.locator("#purpose").select_option("assistance")
    page.locator("#emergency").fill("Mudflow in Batken")
    page.locator("#emergency").press("Enter")
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/?lang=en")
    expect(row).to_contain_text("87", timeout=SLOW_MS)
    row.get_by_role("link").click()
    expect(beside.locator("h1")).to_have_text("Лагерь «Аска»")
    beside.locator("a[href^='/registry/groups/']").first.click()
    expect(page.locator("#beside-title")).to_have_text("Counted group")
    expect(beside.locator(".record")).to_contain_text("about 87 persons")
    page.locator("#side-panel-back").click()
    expect(beside.locator("h1")).to_have_text("Лагерь «Аска»")
    page.keyboard.press("Escape")
    expect(beside).to_be_hidden()
    page.locator(f"#panel-households a[href='/areas/{BATKEN}']").click()
    expect(beside.locator(".area-page")).to_contain_text("Registered households")
    beside.get_by_role("link", name="Лагерь «Аска»").first.click()
    expect(page.locator("#beside-title")).to_have_text("Site")
    expect(page.locator("#side-panel-back")).to_be_visible()
