"""The checker axe finds no serious error against WCAG 2.2 A and AA on any page.

axe checks each page in one language and in both themes. `tests/shared/test_catalogs.py` tests that a page has the same
elements in each language, and that no text is empty.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Page, expect

from deploy.local import paths
from shared.auth.tokens import Role
from shared.monitoring import status
from tests.console.conftest import PASSWORD
from tests.console.pages.conftest import Seat, Whole, newest_alert
from tests.console.pages.test_search import reported, usenov
from tests.console.statuses import with_postgresql_away
from tests.intake.field.phones import FORM, choose_pin
from tests.registry.factories import movement

AXE = (paths.ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# axe describes violations only. A description of the passed checks would double the time. Rules of minor and moderate
# impact are disabled: they look at every element, but find no serious violation.
RUN = """async ({ only }) => {
    const wanted = only ? { runOnly: only } : {
        rules: Object.fromEntries(
            axe._audit.rules
                .filter(({ impact }) => impact === "minor" || impact === "moderate")
                .map(({ id }) => [id, { enabled: false }])
        ),
    };
    const { violations } = await axe.run({ resultTypes: ["violations"], preload: false, ...wanted });
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return serious.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}"""
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # the two themes differ only in colours
# `test_screens.py` loads and checks many other pages of a duty head
PAGES = {
    Role.DUTY_HEAD: (
        "/waiting",
        "/my-reports",
        "/registry/figures",
        "/registry/figures/history",
        "/registry/figures/movements",
        "/alerts/receivers",
        "/alerts/receivers/new",
        "/alerts/duty-numbers",
        "/alerts/duty-numbers/new",
        "/alerts/templates",
        "/readmission",
        "/purpose",
        "/alerts/telegram",
        "/alerts/silences",
        "/alerts/answer",
    ),
    Role.ADMINISTRATOR: (
        "/",
        "/alerts/policies/new",
        "/alerts/rules",
        "/intake/feeds",
        "/security",
        "/status",
        "/second-factor",
        "/sign-ins",
    ),
    Role.AUDITOR: ("/audit",),
    Role.FIELD: (FORM, "/ledger", "/nowhere"),
}
REFUSED = {(Role.FIELD, "/ledger"): 403, (Role.FIELD, "/nowhere"): 404}
LANGUAGES = ("ky", "ru", "en")

Take = Callable[..., Seat]


def visit(page: Page, url: str, *, status: int = 200) -> None:
    answer = page.goto(url)
    assert answer is not None and answer.status == status, f"{url}: {answer and answer.status}"
    assert urlsplit(page.url).path == urlsplit(url).path


def findings(page: Page) -> list[str]:
    """Checks the page in the light theme, and its colours in the dark theme too."""
    page.evaluate(AXE)
    page.emulate_media(color_scheme="light")
    light: list[str] = page.evaluate(RUN, {"only": None})
    page.emulate_media(color_scheme="dark")
    dark: list[str] = page.evaluate(RUN, {"only": OF_COLOURS})
    page.emulate_media(color_scheme="null")
    return [f"{page.url}: {finding}" for finding in (*light, *(f"dark theme, {finding}" for finding in dark))]


@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_serious_on_a_page(whole: Whole, seat: Take, role: Role) -> None:
    folder = whole.installation.folder / "state" / "watch"
    folder.mkdir(exist_ok=True)
    status.write(folder, with_postgresql_away(datetime.now(UTC)))
    desk = seat(role)
    desk.sign_in()
    for path, language in zip(PAGES[role], cycle(LANGUAGES), strict=False):
        visit(desk.page, f"{whole.url}{path}?lang={language}", status=REFUSED.get((role, path), 200))
        assert findings(desk.page) == []
        if path == FORM:
            choose_pin(desk.page)
            assert findings(desk.page) == []


def test_axe_finds_nothing_serious_on_an_alert(whole: Whole, seat: Take) -> None:
    whole.report_hazard(type="hail")
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    row = newest_alert(page, "Hail")
    expect(row).to_be_visible()
    visit(page, f"{whole.url}/alerts/{row.get_attribute('data-key')}?lang=ky")
    assert findings(page) == []
    hazard_page = page.locator('a[href^="/hazards/"]').get_attribute("href")
    visit(page, f"{whole.url}{hazard_page}?lang=ru")
    expect(page.locator("#course")).to_be_visible()
    assert findings(page) == []


def test_axe_finds_nothing_serious_on_found_households_and_the_page_of_one(whole: Whole, seat: Take) -> None:
    """The household has a probable duplicate, and one of its two persons has returned.

    The page of the household shows the duplicate and the return.
    """
    body, again = usenov(), usenov()
    reported(whole, body, again, movement(body, "returned", member_ids=[body["members"][1]["member_id"]]))
    page = seat(Role.REGISTRAR).open("/registry/search?lang=ru")
    page.locator("#name").fill("Усөнов Бакыт")
    page.keyboard.press("Enter")
    expect(page.locator("#results tbody tr").first).to_be_visible()
    assert findings(page) == []
    visit(page, f"{whole.url}/registry/households/{body['household_id']}?lang=ky")
    expect(page.locator(".duplicates tbody tr").first).to_be_visible()
    assert findings(page) == []
    visit(page, f"{whole.url}/new-movement?household={body['household_id']}&lang=ru")
    assert findings(page) == []


def test_axe_finds_nothing_serious_from_the_sign_in_to_the_recovery_codes(whole: Whole, seat: Take) -> None:
    desk = seat(Role.ADMINISTRATOR)
    page = desk.page
    page.goto(f"{whole.url}/sign-in?next=/second-factor&lang=ky")
    assert findings(page) == []
    page.fill("#name", desk.name)
    page.fill("#password", "wrong")
    page.click("button.is-primary")
    assert findings(page) == []
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    secret = page.locator("input[name=secret]").input_value()
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("main button.is-primary")
    expect(page.locator(".recovery li")).to_have_count(10)
    assert findings(page) == []
    visit(page, f"{whole.url}/second-factor")
    assert findings(page) == []
    desk.context.clear_cookies()
    page.goto(f"{whole.url}/sign-in?lang=ru")
    page.fill("#name", desk.name)
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    expect(page.locator("input[name=ticket]")).to_have_count(1)
    assert findings(page) == []
    page.fill("#code", pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1))
    page.click("main button.is-primary")
    expect(page.locator("#panel-alerts")).to_be_visible()
