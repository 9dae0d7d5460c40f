"""Tests the page of sent messages. All pages of an operator must fit every size of screen."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, OutcomeKind, ReportKind
from tests.browsers import CUT_IN_LINES, CUT_OPTIONS
from tests.console.factories import message, outcome
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings, visit
from tests.intake.factories import household

LANGUAGES = ("ky", "ru", "en")
A4_PORTRAIT = 718  # the printable width in pixels: paper with margins of one centimetre


def test_a_sent_message_is_opened_by_keyboard_and_on_a_phone(whole: Whole, seat: Any) -> None:
    whole.replace_receivers(Receiver("duty", DeliveryChannel.WEBHOOK, f"https://hook.invalid/{'x' * 60}"))
    whole.report_hazard(type="rockfall")
    desk = seat(Role.OPERATOR, width=360, height=740)
    page = desk.open("/alerts/deliveries")
    sent = page.locator(".sent li", has_text="Rockfall").first
    assert wait_until(lambda: bool(page.reload()) and sent.count() == 1, timeout=60)
    page.locator(".sent summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sent pre").first).to_contain_text("dayar.alert.raised.v1")
    expect(sent).to_contain_text("duty")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert desk.errors == []
    whole.replace_receivers()


# Returns for each drop-down list how many pixels its longest option is wider than the list.
CUT = """lists => lists.map(list => {
  const whole = list.cloneNode(true);
  whole.style.cssText = 'position: absolute; width: max-content';
  list.after(whole);
  const width = whole.offsetWidth;
  whole.remove();
  return width - list.offsetWidth;
})"""


def test_the_page_of_figures_fits_every_screen_and_its_filters_are_read_whole(seat: Any) -> None:
    desk = seat(Role.ANALYST)
    desk.sign_in()
    page = desk.page
    for language in LANGUAGES:
        page.goto(f"{desk.whole.url}/registry/figures?lang={language}")
        for width in (1920, 1366, 390, 360, 320):
            page.set_viewport_size({"width": width, "height": 768})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
            lists = page.locator(".filters select:is([name=level], [name=view], [name=scope], [name=sex])")
            if width == 390:  # the filters are folded on a phone
                expect(lists.first).to_be_hidden()
                page.click(".filters summary")
            expect(lists.first).to_be_visible()
            assert max(lists.evaluate_all(CUT)) <= 0, (language, width)
            cut = CUT_OPTIONS if width >= 1366 else CUT_IN_LINES
            assert page.locator("main select").evaluate_all(cut) == [], (language, width)
        for part in ("history", "movements"):  # the page is 360 pixels wide
            page.goto(f"{desk.whole.url}/registry/figures/{part}?lang={language}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, (part, language)


# Returns how many pixels the first Extreme severity reaches into its alert's name. One script finds and measures the
# row, because the board may replace the row between two scripts.
OVERLAP = """() => {
  const grade = document.querySelector(".alert .severity[data-severity=Extreme]");
  const name = grade.closest(".alert").querySelector(".alert-name");
  return grade.getBoundingClientRect().right - name.getBoundingClientRect().left;
}"""
AGE = "moment => import('/static/ages.js').then((ages) => ages.age(moment, new Date('2026-06-15T12:00:00Z')))"
AGES = {
    "en": {
        "2026-06-15T11:59:30Z": "just now",
        "2026-06-15T09:00:00Z": "3 h 0 min",
        "2026-06-15T12:45:00Z": "in 45 min",
    },
    "ru": {"2026-06-13T11:00:00Z": "2 дн 1 ч", "2026-06-16T13:00:00Z": "через 1 дн 1 ч"},
    "ky": {"2026-06-15T17:05:00Z": "5 саат 5 мүн кийин"},
}


def test_the_board_in_each_language_cuts_no_column_covers_no_title_and_states_ages(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="dam_release", severity="Extreme")
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"}
    assert whole.client(headers=bearer).post("/intake/v1/displacements", json=household()).status_code == 202
    kinds = [outcome(kind=kind, outcome=settled) for kind in ReportKind for settled in OutcomeKind]
    whole.publish(*(message(settled, time=datetime.now(UTC)) for settled in kinds))
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for language in LANGUAGES:
        page.goto(f"{whole.url}/?lang={language}")
        expect(page.locator("#panel-reports tbody tr")).to_have_count(len(OutcomeKind))
        for width in (1920, 1366):
            page.set_viewport_size({"width": width, "height": 1080})
            cut = "tables => tables.map(each => each.scrollWidth - each.clientWidth)"
            assert max(page.locator(".grid .scroll").evaluate_all(cut)) <= 0, (language, width)
            expect(page.locator(".alert .severity[data-severity=Extreme]").first).to_be_visible()
            assert page.evaluate(OVERLAP) < 0, (language, width)
        assert {moment: page.evaluate(AGE, moment) for moment in AGES[language]} == AGES[language]
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_PORTRAIT, "height": 1000})
    expect(page.locator(":is(.bar, main) :is(.button, .as-link, input):visible")).to_have_count(0)
    expect(page.locator("#panel-reports tbody tr").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_PORTRAIT
    page.emulate_media(media="screen")


# Makes the lists longer than the screen. Adds lines of duty above the lists, and the notice of a ringing alert below.
# Then scrolls each list to its last row. Returns the lists whose last row is covered by another element. One script
# takes all the steps, because the board may replace the lists between two scripts.
COVERED = """() => {
  document.querySelector("[data-fragment='/alerts/duty']").innerHTML = "<p class='small'>On duty: Aibek</p>".repeat(4);
  document.querySelector("#ringing").hidden = false;
  return ["#panel-alerts .alert", "#panel-hazards .row"].filter((selector) => {
    const row = document.querySelector(selector);
    const rows = Array.from({ length: 40 }, () => row.cloneNode(true));
    row.parentElement.append(...rows);
    const last = rows.at(-1);
    last.scrollIntoView({ block: "end", behavior: "instant" });
    const { left, top, width, height } = last.getBoundingClientRect();
    return !last.contains(document.elementFromPoint(left + width / 2, top + height / 2));
  });
}"""


def test_the_notice_of_a_ringing_alert_covers_no_last_row(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="dam_release", severity="Extreme")
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto(f"{whole.url}/")
        expect(page.locator("#panel-hazards .row").first).to_be_visible()
        expect(page.locator("#panel-alerts .alert").first).to_be_visible()
        expect(page.locator("#ringing-text")).to_contain_text("Not acknowledged")
        assert page.evaluate(COVERED) == [], (width, height)


# Shows all questions about the event that made people leave. At first, the form hides some of them.
ALL_CAUSES = """() => document.querySelectorAll(".is-roomy .field").forEach((field) => {
  field.hidden = false;
  field.classList.add("is-answered");
})"""
WHOLE_LISTS = {
    "/registry/search": "main select",
    "/search": "main select",
    "/new-count": "main .is-roomy select",
    "/new-household": "main .is-roomy select",
}


PATHS = (
    "/",
    "/map",
    "/wall",
    "/areas/KG05000000000",
    "/search",
    "/new-event",
    "/new-count",
    "/new-household",
    "/registry/search",
    "/ledger",
    "/password",
    "/alerts/deliveries",
    "/alerts/shift-handover",
    "/alerts/statistics",
)


def test_no_page_is_wider_than_its_screen_violates_its_content_security_policy_or_has_serious_findings(
    seat: Any,
) -> None:
    """As in `test_accessibility.py`, axe checks each page in one language. No page is loaded again for axe."""
    desk = seat(Role.DUTY_HEAD)
    desk.sign_in()
    page = desk.page
    for number, path in enumerate(PATHS):
        for language in LANGUAGES:
            visit(page, f"{desk.whole.url}{path}?lang={language}")
            if language == LANGUAGES[number % len(LANGUAGES)]:
                page.set_viewport_size({"width": 1920, "height": 1080})
                assert findings(page) == []
            fits_every_screen(page, path)
    assert desk.errors == []


def fits_every_screen(page: Page, path: str) -> None:
    if path in ("/new-count", "/new-household"):
        page.evaluate(ALL_CAUSES)
    for width in (1920, 1366, 390, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
        if path in WHOLE_LISTS:
            lists = page.locator(WHOLE_LISTS[path])
            cut = lists.evaluate_all(CUT_OPTIONS if width >= 1366 else CUT_IN_LINES)
            assert lists.count() and cut == [], (page.url, width)


HEIGHT = "bar => bar.getBoundingClientRect().height"
# One script shows a lost connection and measures the page. After the script, the stream's next message would end the
# lost state.
LOST = """import('/static/link.js').then((link) => {
  link.say('lost', {time: '21:47'});
  return {
    state: document.querySelector('#link').dataset.state,
    height: document.querySelector('.bar').getBoundingClientRect().height,
    opacity: getComputedStyle(document.querySelector('.grid')).opacity,
  };
})"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_header_keeps_its_height_and_every_title_of_the_navigation_is_in_view(seat: Any, language: str) -> None:
    """The header has the same height on all pages, even if the board's connection is lost.

    A duty head who is also an auditor sees all titles of the navigation. On the board, the header contains the state of
    the connection.
    """
    desk = seat(Role.DUTY_HEAD, Role.AUDITOR)
    desk.sign_in()
    page = desk.page
    heights: dict[int, set[float]] = {1920: set(), 1366: set()}
    for path in ("/new-event", "/ledger", "/alerts/deliveries"):
        page.goto(f"{desk.whole.url}{path}?lang={language}")
        for width, known in heights.items():
            page.set_viewport_size({"width": width, "height": 768})
            known.add(page.locator(".bar").evaluate(HEIGHT))
    page.goto(f"{desk.whole.url}/?lang={language}")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    for width, known in heights.items():
        page.set_viewport_size({"width": width, "height": 768})
        known.add(page.locator(".bar").evaluate(HEIGHT))
        assert page.locator(".bar nav").evaluate("nav => nav.clientWidth - nav.scrollWidth") == 0, width
    for width, known in heights.items():
        page.set_viewport_size({"width": width, "height": 768})
        lost = page.evaluate(LOST)
        assert known == {lost["height"]}, width
        assert (lost["state"], lost["opacity"]) == ("lost", "1")  # a lost connection does not dim the board


def test_escape_closes_the_menu(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/ledger")
    expect(page.locator("#clock")).to_contain_text(":")  # wait until the page's script shows a time
    page.locator(".menu summary").click()
    expect(page.locator(".menu")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    expect(page.locator(".menu summary")).to_be_focused()


def test_dates_in_the_figures_form_have_the_pages_format(seat: Any) -> None:
    """The page's language decides the format of dates, not the browser's language.

    In the URL, dates are written in ISO 8601.
    """
    page = seat(Role.ANALYST).open("/registry/figures?lang=ru&date=2026-06-30")
    field = page.locator("input[name=date]")
    expect(field).to_have_value("30.06.2026")
    field.fill("07.05.2026")
    page.locator("input[name=since]").fill("3.2026")
    field.press("Enter")
    page.wait_for_url("**date=2026-05-07**")
    assert "since=2026-03" in page.url
    expect(field).to_have_value("07.05.2026")
