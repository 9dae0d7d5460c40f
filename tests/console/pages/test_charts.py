"""Tests the charts of the pages of figures and statistics, and the figures on paper."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.pages.conftest import Whole
from tests.intake.factories import household, movement

LANGUAGES = ("ky", "ru", "en")
A4_LANDSCAPE = 1040  # the printable width in pixels: A4 with margins of one centimetre
# Returns whether the element is still in its place after the next change around it.
STAYS = """element => new Promise(resolve => {
  const place = element.parentElement, changes = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => resolve(element.parentElement === place)).observe(place, changes);
})"""


def test_no_column_of_the_figures_is_cut_in_print_and_charts_are_saved(whole: Whole, seat: Any) -> None:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"}
    fled, client = household(), whole.client(headers=bearer)
    answer = client.post("/intake/v1/displacements", json=fled)
    assert answer.status_code == 202, answer.text
    returned = movement(household_id=fled["household_id"], occurred_at="2026-07-01T00:00:00Z")
    assert client.post("/intake/v1/movements", json=returned).status_code == 202
    whole.report_hazard(type="fog", severity="Minor")
    desk = seat(Role.ANALYST, width=A4_LANDSCAPE, height=720)
    desk.sign_in()
    page = desk.page
    page.emulate_media(media="print")
    last = page.locator("[aria-labelledby=flows] .scroll > table > thead th:last-child")
    figures = f"{whole.url}/registry/figures?date=2026-06-30&since=2026-06&until=2026-06"
    assert wait_until(lambda: bool(page.goto(figures)) and last.is_visible(), timeout=60)
    for language in LANGUAGES:
        page.goto(f"{figures}&lang={language}")
        assert last.evaluate("cell => cell.getBoundingClientRect().right") <= A4_LANDSCAPE, language
        assert last.evaluate("cell => getComputedStyle(cell.closest('.scroll')).overflowX") == "visible", language
    page.emulate_media(media="screen")
    for section in ("history", "monthly"):
        expect(page.locator(f"[aria-labelledby={section}] .plot canvas")).to_be_visible()
    is_dark_on_paper(page)
    saving = page.locator("[aria-labelledby=monthly] .saving button")
    with page.expect_download() as image:
        saving.first.click()
    with page.expect_download() as table:
        saving.last.click()
    assert image.value.path().read_bytes().startswith(b"\x89PNG")
    assert table.value.path().read_text(encoding="utf-8-sig").startswith('"Month","Within the country"')
    wait_for_chart(page, f"{whole.url}/registry/figures/movements?since=2026-06", "moves")
    page.add_init_script("{ const own = Date.now; Date.now = () => own() - 400 * 86_400_000; }")
    wait_for_chart(page, f"{whole.url}/alerts/statistics?by=hazard_type", "alerts")
    day = page.locator("#clock .clock-day")
    # the server's text names the day; the browser's text would be ISO 8601
    expect(day).not_to_have_text(re.compile("^[0-9]{4}-"))
    assert day.evaluate(STAYS), "the clock made a new element, for which the browser computes the styles of the page"
    assert desk.errors == []


def is_dark_on_paper(page: Page) -> None:
    canvas = "document.querySelector('[aria-labelledby=monthly] .plot canvas')"
    image = f"{canvas}.toDataURL()"
    wait_for_script(page, f"{canvas}.width === {canvas}.closest('.plot > div').clientWidth")  # its last size
    light = page.evaluate(image)
    page.emulate_media(color_scheme="dark")
    wait_for_script(page, f"light => {image} !== light", light)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    wait_for_script(page, f"light => {image} === light", light)


def wait_for_chart(page: Page, address: str, section: str) -> None:
    chart = page.locator(f"[aria-labelledby={section}] .plot canvas")
    assert wait_until(lambda: bool(page.goto(address)) and chart.is_visible(), timeout=60)
