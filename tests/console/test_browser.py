"""The pages in a real browser, over the whole installation: what an operator sees and does."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright
from sqlalchemy import text

from deploy.local.process import wait_until
from services.alerts import queries
from services.alerts.config import AlertsSettings
from services.alerts.receivers import Receiver
from services.console.config import ConsoleSettings
from shared import database
from shared.auth import Role
from shared.events.vocabulary import Channel
from tests.console.conftest import PASSWORD, Served, in_thread
from tests.console.factories import KADAMJAI
from tests.installation import Installation

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SLOW_MS = 20_000


class Whole(Served):
    """All four services in one web process, and the workers that a board needs."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.clients: list[httpx.Client] = []
        served = installation.web()
        self.url, self.web = served.base_url, served.process
        self.workers = [
            installation.start(service, "worker") for service in ("alerts", "console", "registry", "intake")
        ]

        assert wait_until(self.is_working, timeout=120)

    def is_working(self) -> bool:
        """Every worker has begun with every partition it reads."""
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR])}"}
        ledgers = [
            self.client(headers=bearer).get(f"/{name}/v1/ledger").json() for name in ("alerts", "console", "registry")
        ]
        return all(each["advanced_at"] for ledger in ledgers for each in ledger["partitions"])

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        for process in (self.web, *self.workers):
            process.stop()

    def report_hazard(self, **changed: Any) -> str:
        """Through intake, as any source does."""
        report_id = str(uuid4())
        now = datetime.now(UTC).isoformat()
        body = {
            "report_id": report_id, "source": "cmc", "source_id": report_id, "type": "mudflow", "severity": "Severe",
            "urgency": "Immediate", "certainty": "Observed", "area": {"pcodes": [KADAMJAI]}, "onset": now, "reported_at": now,
        }  # fmt: skip
        bearer = {"authorization": f"Bearer {self.installation.token(roles=[Role.OPERATOR], sources=['cmc'])}"}
        answer = self.client(headers=bearer).post("/intake/v1/hazards", json=body | changed)
        assert answer.status_code == 202, answer.text
        return report_id


@pytest.fixture(scope="module")
def whole(shared_installation: Installation) -> Iterator[Whole]:
    running = Whole(shared_installation)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


class Seat:
    """One person at one screen."""

    def __init__(self, whole: Whole, browser: Browser, *roles: Role, width: int = 1920, height: int = 1080) -> None:
        self.whole = whole
        self.name = whole.account(*roles)
        self.errors: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport={"width": width, "height": height}, locale="en")
        self.context.set_default_timeout(SLOW_MS)
        self.page: Page = self.context.new_page()
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.whole.url}/sign-in?next={path}")
        self.page.fill("#name", self.name)
        self.page.fill("#password", PASSWORD)
        self.page.click("button.is-primary")
        self.page.wait_for_url(f"{self.whole.url}{path}")
        return self.page


@pytest.fixture
def seat(whole: Whole, browser: Browser, fresh_attempts: None) -> Iterator[Any]:
    seats: list[Seat] = []

    def take(*roles: Role, **size: int) -> Seat:
        seats.append(Seat(whole, browser, *roles, **size))
        return seats[-1]

    yield take
    for each in seats:
        each.context.close()


def newest_alert(page: Page, headline: str) -> Any:
    return page.locator(".alert", has_text=headline).first


def test_an_alert_arrives_by_itself_and_is_answered_by_keyboard(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_text("Live", timeout=SLOW_MS)
    whole.report_hazard(type="avalanche", severity="Extreme")
    alert = newest_alert(page, "Avalanche")
    expect(alert).to_contain_text("Nobody has answered", timeout=SLOW_MS)
    expect(page).to_have_title(re.compile(r"^\(1\) "), timeout=SLOW_MS)
    alert.focus()
    page.keyboard.press("a")
    expect(alert).to_contain_text(f"Acknowledged by {desk.name}", timeout=SLOW_MS)
    alert.focus()
    page.keyboard.press("r")
    page.get_by_text("Confirmed").click()
    page.click("#answer-send")
    expect(page.locator(".alert", has_text="Avalanche")).to_have_count(0, timeout=SLOW_MS)
    assert desk.errors == []


def test_the_second_operator_is_told_who_was_first(whole: Whole, seat: Any) -> None:
    first, second = seat(Role.OPERATOR), seat(Role.OPERATOR)
    whole.report_hazard(type="hail")
    one, two = first.open("/"), second.open("/")
    for page in (one, two):
        expect(newest_alert(page, "Hail")).to_contain_text("Nobody has answered", timeout=SLOW_MS)
    second.context.set_offline(True)  # so that its board cannot learn of the first answer
    newest_alert(one, "Hail").get_by_role("button", name="Acknowledge").click()
    expect(newest_alert(one, "Hail")).to_contain_text(first.name, timeout=SLOW_MS)
    alert_id = newest_alert(one, "Hail").get_attribute("data-key")
    second.context.set_offline(False)
    answer = two.evaluate(
        f"fetch('/alerts/v1/alerts/{alert_id}/acknowledgement', {{method: 'PUT'}}).then(a => a.json())"
    )
    assert (answer["status"], answer["acknowledged_name"]) == (409, first.name)


def test_a_click_acknowledges_at_once(whole: Whole, seat: Any) -> None:
    """A button that moves as it takes the focus would let the click pass."""
    whole.report_hazard(type="heat_wave")
    desk = seat(Role.OPERATOR)
    alert = newest_alert(desk.open("/"), "Heat wave")
    alert.get_by_role("button", name="Acknowledge").click()
    expect(alert).to_contain_text(f"Acknowledged by {desk.name}", timeout=SLOW_MS)


def test_an_acknowledgement_without_an_answer_is_said(whole: Whole, seat: Any) -> None:
    """After the ten seconds that a call may take."""
    whole.report_hazard(type="cold_wave")
    page = seat(Role.OPERATOR).open("/")
    page.route("**/acknowledgement", lambda _: None)
    newest_alert(page, "Cold wave").get_by_role("button", name="Acknowledge").click()
    expect(page.locator("#toasts")).to_contain_text("may not have been done", timeout=SLOW_MS)


@pytest.mark.parametrize(
    ("language", "kind", "said"),
    [
        ("ru", "suppressed", "об этом оповещении никому не сообщалось"),
        ("ky", "fault", "биз жакта ката кетти"),
        ("ru", "of-tomorrow", "As the service says it"),
    ],
)
def test_a_refusal_is_told_in_the_readers_language(
    whole: Whole, seat: Any, language: str, kind: str, said: str
) -> None:
    whole.report_hazard(type="wildfire")
    page = seat(Role.OPERATOR).open("/")
    page.goto(f"{whole.url}/?lang={language}")
    problem = {"type": f"urn:dayar:problem:{kind}", "title": "As the service says it", "status": 409}
    page.route("**/acknowledgement", lambda route: route.fulfill(status=409, json=problem))
    page.locator(".alert[data-state=waiting] [data-act=acknowledge]").first.click()
    expect(page.locator("#toasts")).to_contain_text(said)


@pytest.mark.parametrize(
    ("status", "said"), [(404, "Nobody was noted"), (401, "signed out"), (500, "failed on our side")]
)
def test_a_caller_who_cannot_be_read_is_not_one_who_was_not_noted(
    whole: Whole, seat: Any, status: int, said: str
) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    report_id = whole.report_hazard(type="drought")
    kinds = {404: "not-found", 401: "unauthenticated", 500: "fault"}
    problem = {"type": f"urn:dayar:problem:{kinds[status]}", "title": "", "status": status}
    page.route("**/v1/callers/*", lambda route: route.fulfill(status=status, json=problem))
    page.evaluate(f"import('/static/callers.js').then((callers) => callers.showCaller('{report_id}'))")
    expect(page.locator("#caller-failure")).to_contain_text(said)
    expect(page.locator("#caller-told")).to_be_hidden()


def test_a_wrong_field_is_called_as_the_form_calls_it(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    page.goto(f"{page.url}?lang=ru")
    page.wait_for_function("document.getElementById('onset').value")
    page.fill("#hazard", "сель")
    page.fill("#place", "kadamjai")
    page.fill("#caller-phone", "call me")
    page.click("#send")
    expect(page.locator("#failure")).to_have_text("Не принято: не так, как ожидалось: Телефон")


def test_a_panel_that_failed_is_asked_for_again(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    page.route("**/board/hazards*", lambda route: route.abort(), times=2)
    whole.report_hazard(type="salinization")
    expect(page.locator("#panel-hazards")).to_contain_text("Soil salinization", timeout=SLOW_MS)


def test_somebody_answers_by_telephone(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="explosion")
    page = seat(Role.DUTY_HEAD).open("/")
    newest_alert(page, "Explosion").get_by_role("button", name="For another").click()
    page.fill("#behalf-name", "Head of the Kadamjai post")
    page.fill("#behalf-at", "03:15")
    page.keyboard.press("Enter")
    expect(newest_alert(page, "Explosion")).to_contain_text("Acknowledged by", timeout=SLOW_MS)


def test_what_comes_by_telephone_is_entered_by_keyboard_alone(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    typed = [
        "жер көч",
        "kadam",
        "Pulgon",
        None,
        None,
        None,
        "Cracks above the school",
        "A. Caller",
        "+996 700 00 00 01",
    ]
    for words in ("landsl", "кадамж", "Pulgon"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # severity: round from the last to the first
    page.focus("#known")
    page.keyboard.type(typed[6] or "")
    page.keyboard.press("Tab")
    page.keyboard.type(typed[7] or "")
    page.keyboard.press("Tab")
    page.keyboard.type(typed[8] or "")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-text")).to_contain_text("Accepted", timeout=SLOW_MS)
    report_id = page.locator("#answer-id").inner_text()
    assert desk.errors == []

    board = page.goto(f"{whole.url}/")
    assert board is not None
    row = page.locator("#panel-hazards .row", has_text="Cracks above the school")
    expect(row).to_contain_text("Landslide", timeout=SLOW_MS)
    expect(row).to_contain_text("Kadamjai rayon")
    assert "+996" not in page.content()
    row.get_by_role("button", name="Who called").click()
    expect(page.locator("#caller")).to_contain_text("+996 700 00 00 01")
    assert in_thread(rows(whole, "SELECT count(*) FROM caller_readings WHERE report_id = :report_id", report_id)) == 1
    sealed = in_thread(rows(whole, "SELECT sealed FROM callers WHERE report_id = :report_id", report_id))
    assert b"996" not in sealed and b"Caller" not in sealed


async def rows(whole: Whole, query: str, report_id: str) -> Any:
    engine = database.engine(whole.installation.settings(ConsoleSettings))
    async with database.sessions(engine)() as session:
        found = await session.scalar(text(query), {"report_id": report_id})
    await engine.dispose()
    return found


def test_an_event_whose_answer_was_lost_is_sent_again_and_was_accepted(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    page.fill("#hazard", "rockfall")
    page.fill("#place", "kadamjai")
    page.route("**/intake/v1/hazards", taken_but_not_told, times=1)
    page.click("#send")
    expect(page.locator("#failure")).to_contain_text("send it again")
    page.click("#send")
    expect(page.locator("#answer-text")).to_have_text("This was already accepted.")


def taken_but_not_told(route: Route) -> None:
    """What passes by the test has lost the header that the browser's network adds."""
    assert route.fetch(headers={**route.request.headers, "sec-fetch-site": "same-origin"}).status == 202
    route.abort()


def test_what_is_missing_is_said_and_nothing_is_sent(whole: Whole, seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/new-event")
    page.wait_for_function("document.getElementById('onset').value")
    page.keyboard.type("flood")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Where")
    expect(page.locator("#place")).to_be_focused()


def test_the_ledger_balances_and_opens_to_its_partitions(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="frost", severity="Minor")
    desk = seat(Role.OPERATOR)
    page = desk.open("/ledger")
    expect(page.locator("#verdict")).to_have_attribute("data-state", "good", timeout=SLOW_MS)
    page.get_by_role("button", name="alerts ← hazards").click()
    expect(page.locator("tr.part")).to_have_count(6)
    assert desk.errors == []


def an_uneven_door(told: dict[str, Any]) -> None:
    told["door"]["sent"] += 1


def a_damaged_spool(told: dict[str, Any]) -> None:
    told["spool"]["damaged"] = 1


def an_old_unread_record(told: dict[str, Any]) -> None:
    """On a partition that no worker ever settled anything of."""
    since = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    told["partitions"][0] |= {"kinds": {}, "first": 0, "next": 0, "end": 1, "advanced_at": None, "unread_since": since}


def a_young_unread_record(told: dict[str, Any]) -> None:
    """On a partition where nothing came for an hour."""
    quiet, now = (datetime.now(UTC) - timedelta(hours=1)).isoformat(), datetime.now(UTC).isoformat()
    first = told["partitions"][0]
    told["partitions"][0] |= {"end": first["next"] + 1, "advanced_at": quiet, "unread_since": now}


def a_broker_away(told: dict[str, Any]) -> None:
    for partition in told["partitions"]:
        partition["end"] = None


@pytest.mark.parametrize(
    ("service", "change", "state"),
    [
        ("intake", an_uneven_door, "bad"),
        ("intake", a_damaged_spool, "bad"),
        ("registry", an_old_unread_record, "bad"),
        ("registry", a_young_unread_record, "good"),
        ("alerts", a_broker_away, "unknown"),
    ],
)
def test_the_ledgers_verdict_is_of_all_that_it_shows(
    seat: Any, service: str, change: Callable[[dict[str, Any]], None], state: str
) -> None:
    def changed(route: Route) -> None:
        told = route.fetch().json()
        change(told)
        route.fulfill(json=told)

    desk = seat(Role.OPERATOR)
    desk.page.route(f"**/{service}/v1/ledger", changed)
    expect(desk.open("/ledger").locator("#verdict")).to_have_attribute("data-state", state, timeout=SLOW_MS)


def test_the_ledger_keeps_the_focus_while_it_looks_again(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/ledger")
    button = page.get_by_role("button", name="registry ← displacements")
    button.press("Enter")
    for _ in range(2):
        page.wait_for_event("requestfinished", lambda request: request.url.endswith("/console/v1/ledger"))
    expect(button).to_be_focused()
    expect(page.locator("tr.part")).to_have_count(6)


def test_the_ledger_of_somebody_signed_out_links_to_the_sign_in(seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/ledger")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    desk.context.clear_cookies()
    expect(page.locator("#link a")).to_have_attribute("href", "/sign-in?next=/ledger", timeout=SLOW_MS)


def test_what_was_sent_is_opened_from_the_keyboard_on_a_telephone(whole: Whole, seat: Any) -> None:
    in_thread(told(whole, Receiver("duty", Channel.WEBHOOK, f"https://hook.invalid/{'x' * 60}")))
    whole.report_hazard(type="rockfall")
    desk = seat(Role.OPERATOR, width=360, height=740)
    page = desk.open("/alerts/deliveries")
    sent = page.locator(".sent li", has_text="Rockfall").first
    wait_until(lambda: bool(page.reload()) and sent.count() == 1, timeout=20)
    page.locator(".sent summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".sent pre").first).to_contain_text("dayar.alert.raised.v1")
    expect(sent).to_contain_text("duty")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert desk.errors == []
    in_thread(told(whole, None))


async def told(whole: Whole, receiver: Receiver | None) -> None:
    """Makes it the only receiver; None = nobody again."""
    engine = database.engine(whole.installation.settings(AlertsSettings))
    async with database.sessions(engine).begin() as session:
        await session.execute(text("DELETE FROM receivers"))
        if receiver is not None:
            await queries.save_receiver(session, receiver)
    await engine.dispose()


def test_a_lost_connection_is_seen_and_what_was_missed_comes_after(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    desk.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    whole.report_hazard(type="epizootic")
    desk.context.set_offline(False)
    expect(page.locator("#panel-hazards")).to_contain_text("Animal disease", timeout=SLOW_MS)


BEAT = """new Promise((heard, missed) => {
    new EventSource("/stream?topics=hazards").addEventListener("beat", heard);
    setTimeout(missed, 20_000);
})"""


def test_a_quiet_night_is_no_lost_connection(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    begun: list[str] = []
    page.on("request", lambda request: begun.append(request.url) if "/stream" in request.url else None)
    page.clock.fast_forward(20_000)
    page.evaluate(BEAT)
    page.clock.fast_forward(24_000)
    assert len(begun) == 1  # the test's own
    expect(page.locator("#link")).to_have_attribute("data-state", "live")


def test_what_grows_old_is_drawn_anew_though_nothing_came(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    with ExitStack() as drawn:
        for panel in ("alerts", "hazards", "households", "reports"):
            drawn.enter_context(page.expect_request(re.compile(f"/board/{panel}"), timeout=SLOW_MS))
        page.clock.fast_forward(61_000)


TONES = "AudioContext.prototype.tones ?? 0"
COUNTING = """{
    const own = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () {
        AudioContext.prototype.tones = (AudioContext.prototype.tones ?? 0) + 1;
        return own.call(this);
    };
}"""


def test_an_alert_is_heard_though_another_was_answered_as_it_came(whole: Whole, seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.page
    page.add_init_script(COUNTING)
    desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    page.click("#sound")
    whole.report_hazard(type="jut")
    first = newest_alert(page, "Jut").get_attribute("data-key", timeout=SLOW_MS)
    page.route("**/board/alerts*", lambda route: route.abort())
    page.evaluate(f"fetch('/alerts/v1/alerts/{first}/acknowledgement', {{method: 'PUT'}})")
    whole.report_hazard(type="bank_erosion")
    assert wait_until(lambda: is_told(whole, f"acknowledge-{first}", "River bank erosion"), timeout=20)
    before = page.evaluate(TONES)
    page.unroute("**/board/alerts*")
    expect(newest_alert(page, "River bank erosion")).to_be_visible(timeout=SLOW_MS)
    page.wait_for_function(f"({TONES}) > {before}")


def is_told(whole: Whole, gone: str, come: str) -> bool:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.OPERATOR])}"}
    panel = whole.client(headers=bearer).get("/board/alerts?lang=en").text
    return gone not in panel and come in panel


def test_a_line_that_was_cut_in_silence_is_listened_to_anew(whole: Whole, seat: Any) -> None:
    desk = seat(Role.VIEWER)
    desk.page.clock.install()
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    with page.expect_request(re.compile(r"/stream\?")):
        page.clock.fast_forward(46_000)
    expect(page.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    whole.report_hazard(type="permafrost_loss")
    page.clock.resume()
    expect(page.locator("#panel-hazards")).to_contain_text("Permafrost", timeout=SLOW_MS)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
def test_no_page_is_wider_than_its_screen_or_breaks_its_policy(seat: Any, language: str) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    for path in ("/", "/new-event", "/ledger", "/password", "/alerts/deliveries"):
        page.goto(f"{desk.whole.url}{path}?lang={language}")
        for width in (1920, 1366, 390, 360):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    assert desk.errors == []
