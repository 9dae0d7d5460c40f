"""Tests the page of sent messages. All pages of an operator fit every screen size."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import expect

from deploy.local.process import wait_until
from services.alerts.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, OutcomeKind, ReportKind
from tests.browsers import SLOW_MS
from tests.console.factories import message, outcome
from tests.console.pages.conftest import Whole
from tests.intake.factories import household

A4_LANDSCAPE = 1040  # the printable width in pixels, with margins of one centimetre


def test_a_sent_message_is_opened_by_keyboard_and_on_a_phone(whole: Whole, seat: Any) -> None:
    whole.replace_receivers(Receiver("duty", DeliveryChannel.WEBHOOK, f"https://hook.invalid/{'x' * 60}"))
    whole.report_hazard(type="rockfall")
    desk = seat(Role.OPERATOR, width=360, height=740)
    page = desk.open("/alerts/deliveries")
    sent = page.locator(".sent li", has_text="Rockfall").first
    assert wait_until(lambda: bool(page.reload()) and sent.count() == 1, timeout=20)
    page.locator(".sent summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sent pre").first).to_contain_text("dayar.alert.raised.v1")
    expect(sent).to_contain_text("duty")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert desk.errors == []
    whole.replace_receivers()


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_no_column_of_the_figures_is_cut_in_print(whole: Whole, seat: Any, language: str) -> None:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"}
    answer = whole.client(headers=bearer).post("/intake/v1/displacements", json=household())
    assert answer.status_code == 202, answer.text
    desk = seat(Role.ANALYST, width=A4_LANDSCAPE, height=720)
    desk.sign_in()
    page = desk.page
    page.emulate_media(media="print")
    last = page.locator("main .scroll > table > thead th:last-child").last
    figures = f"{whole.url}/registry/figures?lang={language}&date=2026-06-30&since=2026-06&until=2026-06"
    assert wait_until(lambda: bool(page.goto(figures)) and last.is_visible(), timeout=20)
    assert last.evaluate("cell => cell.getBoundingClientRect().right") <= A4_LANDSCAPE
    assert last.evaluate("cell => getComputedStyle(cell.closest('.scroll')).overflowX") == "visible"


# For each drop-down list, computes by how many pixels the longest option is wider than the list.
CUT = """lists => lists.map(list => {
  const whole = list.cloneNode(true);
  whole.style.cssText = 'position: absolute; width: max-content';
  list.after(whole);
  const width = whole.offsetWidth;
  whole.remove();
  return width - list.offsetWidth;
})"""


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_no_choice_of_the_figures_is_cut(seat: Any, language: str) -> None:
    page = seat(Role.ANALYST).open(f"/registry/figures?lang={language}")
    for width in (1920, 1366, 390):
        page.set_viewport_size({"width": width, "height": 1080})
        cut = page.locator(".filters select:is([name=level], [name=view], [name=scope], [name=sex])").evaluate_all(CUT)
        assert max(cut) <= 0, (width, cut)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("width", [1920, 1366, 360])
def test_the_page_of_figures_is_not_wider_than_the_screen(seat: Any, language: str, width: int) -> None:
    page = seat(Role.ANALYST, width=width, height=768).open(f"/registry/figures?lang={language}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keys = page.locator(".legend [data-scope]")
    tones = keys.evaluate_all("keys => keys.map((key) => getComputedStyle(key, '::before').backgroundColor)")
    assert len(set(tones)) == len(tones) == 5  # each scope has a different colour


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_no_column_of_the_board_is_cut(whole: Whole, seat: Any, language: str) -> None:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"}
    assert whole.client(headers=bearer).post("/intake/v1/displacements", json=household()).status_code == 202
    kinds = [outcome(kind=kind, outcome=settled) for kind in ReportKind for settled in OutcomeKind]
    whole.publish(*(message(settled, time=datetime.now(UTC)) for settled in kinds))
    page = seat(Role.OPERATOR).open("/")
    expect(page.locator("#panel-reports tbody tr")).to_have_count(len(OutcomeKind), timeout=SLOW_MS)
    page.goto(f"{whole.url}/?lang={language}")
    for width in (1920, 1366):
        page.set_viewport_size({"width": width, "height": 1080})
        cut = "tables => tables.map(each => each.scrollWidth - each.clientWidth)"
        assert max(page.locator(".grid .scroll").evaluate_all(cut)) <= 0, width


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_an_alerts_severity_does_not_overlap_its_title(whole: Whole, seat: Any, language: str) -> None:
    whole.report_hazard(type="dam_release", severity="Extreme")
    page = seat(Role.OPERATOR).open(f"/?lang={language}")
    grade = page.locator(".alert .severity[data-severity=Extreme]").first
    for width in (1920, 1366):
        page.set_viewport_size({"width": width, "height": 800})
        # one script finds and measures the row, because the board may replace the row at any time
        expect(grade).to_be_visible(timeout=SLOW_MS)
        overlap = """() => {
            const grade = document.querySelector('.alert .severity[data-severity=Extreme]');
            const name = grade.closest('.alert').querySelector('.alert-name');
            return grade.getBoundingClientRect().right - name.getBoundingClientRect().left;
        }"""
        assert page.evaluate(overlap) < 0, width


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_no_page_is_wider_than_its_screen_or_violates_its_content_security_policy(seat: Any, language: str) -> None:
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for path in ("/", "/new-event", "/new-household", "/registry/search", "/ledger", "/password", "/alerts/deliveries"):
        page.goto(f"{desk.whole.url}{path}?lang={language}")
        for width in (1920, 1366, 390, 360):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert desk.errors == []


@pytest.mark.parametrize(
    ("language", "moment", "shown"),
    [
        ("en", "2026-06-15T11:59:30Z", "just now"),
        ("en", "2026-06-15T09:00:00Z", "3 h 0 min"),
        ("ru", "2026-06-13T11:00:00Z", "2 дн 1 ч"),
        ("en", "2026-06-15T12:45:00Z", "in 45 min"),
        ("ru", "2026-06-16T13:00:00Z", "через 1 дн 1 ч"),
        ("ky", "2026-06-15T17:05:00Z", "5 саат 5 мүн кийин"),
    ],
)
def test_ages_of_past_and_future_times(seat: Any, language: str, moment: str, shown: str) -> None:
    page = seat(Role.OPERATOR).open(f"/?lang={language}")
    age = "moment => import('/static/ages.js').then((ages) => ages.age(moment, new Date('2026-06-15T12:00:00Z')))"
    assert page.evaluate(age, moment) == shown


# One script shows a lost connection and measures the page, because the next stream message hides the lost connection.
LOST = """import('/static/link.js').then((link) => {
  link.say('lost', {time: '21:47'});
  return {
    state: document.querySelector('#link').dataset.state,
    height: document.querySelector('.bar').getBoundingClientRect().height,
    opacity: getComputedStyle(document.querySelector('.grid')).opacity,
  };
})"""


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
@pytest.mark.parametrize("width", [1920, 1366])
def test_the_header_keeps_its_height(seat: Any, language: str, width: int) -> None:
    """The header has the same height on all pages, even while the board's connection is lost."""
    desk = seat(Role.DUTY_HEAD, width=width, height=768)
    desk.sign_in()
    page = desk.page
    heights = set()
    for path in ("/new-event", "/ledger", "/alerts/deliveries", "/"):
        page.goto(f"{desk.whole.url}{path}?lang={language}")
        heights.add(page.locator(".bar").evaluate("bar => bar.getBoundingClientRect().height"))
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    lost = page.evaluate(LOST)
    heights.add(lost["height"])
    assert len(heights) == 1
    assert lost == {"state": "lost", "height": lost["height"], "opacity": "1"}  # the board is not dimmed


@pytest.mark.parametrize("width", [1920, 1366])
def test_every_title_of_the_navigation_is_in_view(seat: Any, width: int) -> None:
    """A duty head's navigation bar has the most titles. On the board, the bar also shows the connection's state."""
    desk = seat(Role.DUTY_HEAD, width=width, height=768)
    desk.sign_in()
    page = desk.page
    for language in ("ky", "ru", "en"):
        page.goto(f"{desk.whole.url}/?lang={language}")
        expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
        room = page.locator(".bar nav").evaluate("nav => nav.clientWidth - nav.scrollWidth")
        assert (language, room) == (language, 0)


def test_escape_closes_the_menu(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/ledger")
    expect(page.locator("#clock")).to_contain_text(":")  # the clock shows a time as soon as the page's script runs
    page.locator(".menu summary").click()
    expect(page.locator(".menu")).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    expect(page.locator(".menu summary")).to_be_focused()


def test_dates_in_the_figures_form_have_the_pages_format(seat: Any) -> None:
    """The dates have the format of the page's language, not of the browser's. In the URL, dates are in ISO 8601."""
    page = seat(Role.ANALYST).open("/registry/figures?lang=ru&date=2026-06-30")
    field = page.locator("input[name=date]")
    expect(field).to_have_value("30.06.2026")
    field.fill("07.05.2026")
    page.locator("input[name=since]").fill("3.2026")
    field.press("Enter")
    page.wait_for_url("**date=2026-05-07**")
    assert "since=2026-03" in page.url
    expect(field).to_have_value("07.05.2026")


@pytest.mark.parametrize("width", [1366, 1920])
@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_the_longest_choice_of_each_filter_of_the_figures_is_read_whole(seat: Any, language: str, width: int) -> None:
    page = seat(Role.ANALYST, width=width, height=768).open(f"/registry/figures?lang={language}")
    cut = page.locator("main select").evaluate_all(
        """selects => selects.flatMap((select) => {
            const [style, pen] = [getComputedStyle(select), document.createElement("canvas").getContext("2d")];
            pen.font = style.font;
            const arrow = 20;
            const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
            return [...select.options]
                .map((option) => option.text).filter((text) => pen.measureText(text).width > room);
        })"""
    )
    assert cut == []
