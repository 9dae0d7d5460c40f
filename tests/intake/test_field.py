"""The field form in a real browser, as a phone has it: signed in once, without a signal, answered later."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from deploy.local.process import wait_until
from services.intake.field import pages
from shared.auth import Role
from tests.browsers import SLOW_MS, chromium
from tests.console.conftest import PASSWORD, Served
from tests.installation import Installation, in_thread
from tests.journeys.count import everything

FORM = "/intake/field"
MONTH = timedelta(days=31)  # more than a phone's sign-in lasts


class Centre(Served):
    """The web process alone: what a phone talks to."""

    def __init__(self, installation: Installation) -> None:
        super().__init__(installation, installation.web())

    def displacements(self) -> int:
        return len(in_thread(everything(self.installation, "displacements", "registry")))

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/intake/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def centre(shared_installation: Installation) -> Iterator[Centre]:
    made = Centre(shared_installation)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, locale="ru")
    context.set_default_timeout(SLOW_MS)
    yield context
    context.close()


def opened(phone: BrowserContext, centre: Centre, language: str = "en") -> Page:
    page = phone.new_page()
    page.goto(f"{centre.url}{FORM}?lang={language}")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    return page


def signed_in(page: Page, name: str, shown: str = "") -> None:
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    expect(page.locator("#account-name")).to_have_text(shown or name)


@contextmanager
def no_signal(phone: BrowserContext, centre: Centre) -> Iterator[None]:
    """Chromium's own "offline" lets a page that is just being loaded slip a report through: so the centre is away too."""
    phone.set_offline(True)
    centre.web.stop()
    yield
    centre.web.start()
    assert wait_until(centre.is_ready, timeout=60)
    phone.set_offline(False)


def filled(page: Page, **given: str) -> None:
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", "KG05258000000")
    page.select_option("#destination-oblast", "RU")
    page.fill("#persons", given.get("persons", "4"))
    page.click("#send")


def shown(page: Page) -> list[str]:
    return page.locator("#reports .answer").all_inner_texts()


def test_a_report_without_a_signal_is_kept_sent_later_and_corrected(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    before = centre.displacements()

    with no_signal(phone, centre):
        page.reload()
        expect(page.locator("#signal")).to_be_visible()
        filled(page)
        expect(page.locator("#reports .answer")).to_have_text("Kept on this phone; not sent yet")
        page.reload()
        assert shown(page) == ["Kept on this phone; not sent yet"]
        assert centre.displacements() == before

    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    page.click("#reports button >> nth=0")
    expect(page.locator("#persons")).to_have_value("4")
    page.fill("#persons", "5")
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    assert centre.displacements() == before + 2


def keep_account(page: Page, name: str) -> None:
    """Signed in with a token that the centre refuses, as if another tab had done it and this one was not told."""
    account = {"token": "not one", "name": name, "expires_at": "2999-12-31T00:00:00Z"}
    page.evaluate("account => localStorage.setItem('dayar.account', JSON.stringify(account))", account)


def test_a_401_keeps_every_report(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    keep_account(page, "Гүлзат")
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    assert shown(page) == ["Kept on this phone; not sent yet"]


def test_what_one_wrote_is_not_sent_in_another_s_name(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    keep_account(page, "Гүлзат")
    page.reload()
    filled(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_have_text("Written by Гүлзат: sign in with that name to send it")


def test_what_one_wrote_another_cannot_open(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    page.click("#reports >> text=Correct")
    page.fill("#notes", "sleeps at Айгүл's")
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")
    signed_in(page, centre.account(Role.FIELD))
    assert page.locator("#reports button").all_inner_texts() == ["Remove from this phone"]


def kept_reports(page: Page) -> list[Any]:
    """As the phone keeps them."""
    found = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('dayar.report.'))")
    return [json.loads(value) for _, value in found]


def begun(page: Page, notes: str = "sleeps at Айгүл's") -> None:
    page.fill("#notes", notes)


def test_what_one_typed_another_neither_reads_nor_sends(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")


def test_what_was_typed_before_anybody_signed_in_is_of_whoever_signs_in_first(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    begun(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")
    page.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_report_open_in_one_tab_is_not_sent_by_who_signs_in_in_another(
    phone: BrowserContext, centre: Centre, is_correction: bool
) -> None:
    author, other = centre.account(Role.FIELD), centre.account(Role.FIELD)
    page = opened(phone, centre)
    signed_in(page, author)
    if is_correction:
        filled(page)
        expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
        page.click("#reports >> text=Correct")
    begun(page)
    second = opened(phone, centre)
    second.click("#sign-out")
    expect(page.locator("#notes")).to_have_value("")
    expect(page.locator("#signing")).to_be_visible()
    signed_in(second, other)
    expect(page.locator("#account-name")).to_have_text(other)
    assert [report["account"] for report in kept_reports(page)] == [author] * is_correction


@pytest.mark.parametrize("is_correction", [False, True])
def test_a_tab_that_was_not_told_of_another_s_sign_in_sends_nothing(
    phone: BrowserContext, centre: Centre, is_correction: bool
) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    signed_in(page, author)
    if is_correction:
        filled(page)
        expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
        page.click("#reports >> text=Correct")
    begun(page)
    before = kept_reports(page)
    keep_account(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#wrong")).to_contain_text("The account on this phone changed while you wrote.")
    expect(page.locator("#notes")).to_have_value("")
    assert kept_reports(page) == before


def test_a_page_that_wakes_shows_who_is_signed_in_now(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    keep_account(page, "Гүлзат")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#account-name")).to_have_text("Гүлзат")
    expect(page.locator("#notes")).to_have_value("")


def test_what_its_author_typed_outlives_the_sign_in(phone: BrowserContext, centre: Centre) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    keep_account(page, author)
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    begun(page)
    signed_in(page, author)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")


FOUND_LATE = """
navigator.geolocation.getCurrentPosition = (found, failed) => Object.assign(window, { found, failed });
"""


@pytest.mark.parametrize(
    "late", ["found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 8 } })", "failed({ code: 3 })"]
)
def test_a_place_found_late_is_not_that_of_the_next_household(phone: BrowserContext, centre: Centre, late: str) -> None:
    phone.add_init_script(FOUND_LATE)
    page = opened(phone, centre)
    page.click("#locate")
    filled(page)
    page.evaluate(late)
    assert page.locator("#located").is_hidden()
    filled(page)
    assert [report["body"].get("destination_point") for report in kept_reports(page)] == [None, None]


def test_a_place_found_in_time_is_that_of_the_report(phone: BrowserContext, centre: Centre) -> None:
    phone.add_init_script(FOUND_LATE)
    page = opened(phone, centre)
    page.click("#locate")
    page.evaluate("found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: 8 } })")
    expect(page.locator("#located")).to_have_text("Place added, within 8 m")
    filled(page)
    [kept] = kept_reports(page)
    assert kept["body"]["destination_point"] == {"lat": 40.1, "lon": 71.2, "accuracy": 8}


EVENING, MORNING = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 2, 2, tzinfo=UTC)


def left_open_overnight(phone: BrowserContext, centre: Centre, chosen: str = "") -> Page:
    page = phone.new_page()
    page.clock.set_fixed_time(EVENING)
    page.goto(f"{centre.url}{FORM}?lang=en")
    expect(page.locator("#occurred")).to_have_value("2026-03-01")
    if chosen:
        page.fill("#occurred", chosen)
    page.clock.set_fixed_time(MORNING)
    return page


@pytest.mark.parametrize(("chosen", "then"), [("", "2026-03-02"), ("2026-02-27", "2026-02-27")])
def test_a_form_left_open_overnight_wakes_with_the_new_day(
    phone: BrowserContext, centre: Centre, chosen: str, then: str
) -> None:
    page = left_open_overnight(phone, centre, chosen)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#occurred")).to_have_value(then)
    expect(page.locator("#occurred")).to_have_attribute("max", "2026-03-02")


@pytest.mark.parametrize("chosen", ["", "2026-03-02"])
def test_a_report_of_today_is_taken_from_a_form_left_open_overnight(
    phone: BrowserContext, centre: Centre, chosen: str
) -> None:
    page = left_open_overnight(phone, centre, chosen)
    filled(page)
    [kept] = kept_reports(page)
    assert kept["body"]["occurred_at"].startswith("2026-03-02")


def test_the_day_of_a_report_that_is_corrected_overnight_stands(phone: BrowserContext, centre: Centre) -> None:
    page = phone.new_page()
    page.clock.set_fixed_time(EVENING)
    page.goto(f"{centre.url}{FORM}?lang=en")
    filled(page)
    page.click("#reports >> text=Correct")
    page.clock.set_fixed_time(MORNING)
    page.click("#send")
    expect(page.locator("#correcting")).to_be_hidden()
    [kept] = kept_reports(page)
    assert kept["body"]["occurred_at"].startswith("2026-03-01")


def test_a_name_typed_with_another_capital_is_the_same_person(phone: BrowserContext, centre: Centre) -> None:
    author = centre.account(Role.FIELD)
    page = opened(phone, centre)
    keep_account(page, author.upper())
    page.reload()
    filled(page)
    expect(page.locator("#sign-in-again")).to_be_visible()
    begun(page)
    signed_in(page, author.capitalize(), shown=author)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    expect(page.locator("#reports button")).to_have_text(["Correct", "Remove from this phone"])
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "sign in again with your name and password"), ("ru", "войдите снова"), ("ky", "кайра кириңиз")],
)
def test_a_phone_whose_sign_in_has_ended_keeps_its_reports_and_says_what_to_do(
    phone: BrowserContext, centre: Centre, language: str, told: str
) -> None:
    page = phone.new_page()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.url.endswith("/displacements") else None)
    page.clock.install(time=datetime.now(UTC) - MONTH)
    page.goto(f"{centre.url}{FORM}?lang={language}")
    author = centre.account(Role.FIELD)
    signed_in(page, author)
    page.clock.fast_forward(int(MONTH.total_seconds() * 1000))
    expect(page.locator("#sign-in-again")).to_contain_text(told)
    expect(page.locator("#signing")).to_be_visible()
    filled(page)
    page.click("#send-now")
    expect(page.locator("#reports li")).to_have_count(1)
    page.clock.fast_forward("01:00")
    assert sent == []
    signed_in(page, author)
    expect(page.locator("#reports .is-good")).to_have_count(1, timeout=SLOW_MS)
    assert len(sent) == 1


def test_a_sign_in_lasts_its_time_on_a_phone_whose_clock_is_wrong(phone: BrowserContext, centre: Centre) -> None:
    page = phone.new_page()
    page.clock.set_fixed_time(datetime.now(UTC) + 12 * MONTH)
    page.goto(f"{centre.url}{FORM}?lang=en")
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#signing")).to_be_hidden()


def corrected_while_held(page: Page) -> list[Route]:
    """A report that is held on its way to the centre until `unroute`, and its correction, written and not yet sent."""
    on_its_way: list[Route] = []
    page.route("**/v1/displacements", lambda route: on_its_way.append(route))  # noqa: PLW0108 - playwright marks it
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Kept on this phone; not sent yet")
    page.click("#reports >> text=Correct")
    page.fill("#persons", "5")
    return on_its_way


def test_a_report_corrected_while_it_is_on_its_way_is_sent_as_its_next_version(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    before = centre.displacements()
    on_its_way = corrected_while_held(page)
    page.click("#send")
    expect(page.locator("#reports .muted")).to_contain_text("persons: 5")
    assert len(on_its_way) == 1
    page.unroute("**/v1/displacements")
    expect(page.locator("#reports strong")).to_contain_text("correction 1", timeout=SLOW_MS)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    assert centre.displacements() == before + 2


def test_a_report_answered_while_its_correction_is_written_is_corrected(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    on_its_way = corrected_while_held(page)
    assert len(on_its_way) == 1
    page.unroute("**/v1/displacements")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)


def test_what_was_wrong_is_named_as_the_form_names_it(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, "ru")
    signed_in(page, centre.account(Role.FIELD))
    pointers = ["/occurred_at", "/destination/pcode", "/members/0/birth_year", "/sex_age/1/count", "/needs/0"]
    problem = {"errors": [{"pointer": pointer, "expected": "Input should be otherwise"} for pointer in pointers]}
    page.route("**/v1/displacements", lambda route: route.fulfill(status=422, json=problem))
    filled(page)
    expect(page.locator("#reports .errors li")).to_have_text(
        ["Когда они уехали", "Где они сейчас", "Год рождения", "Число по полу и возрасту", "Что им нужно прежде всего"]
    )


def test_a_centre_that_does_not_answer_is_not_a_wrong_password(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.route("**/v1/tokens", lambda route: route.fulfill(status=502, body="no gateway"))
    page.fill("#name", "anybody")
    page.fill("#password", PASSWORD)
    page.click("#sign-in button")
    expect(page.locator("#sign-in-failed")).to_have_text("There is no connection now. Try again later.")


def test_a_group_with_counts_by_sex_and_age(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.check("input[value=group]", force=True)
    page.click("summary >> text=Count by sex and age")
    page.fill("[data-sex=female][data-age='0-5']", "12")
    filled(page, persons="10")
    expect(page.locator("#wrong")).to_have_text("The counts by sex and age are more than the number of persons.")
    page.fill("#persons", "120")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre", timeout=SLOW_MS)


def test_what_is_missing_is_named(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("#send")
    expect(page.locator("#wrong")).to_contain_text("Fill in: Oblast or country")
    assert page.locator("#reports li").count() == 0


def test_the_form_fits_a_narrow_phone_in_every_language(phone: BrowserContext, centre: Centre) -> None:
    for language, title in (("ky", "Жаңы билдирүү"), ("ru", "Новое сообщение"), ("en", "New report")):
        page = opened(phone, centre, language)
        expect(page.locator("#form-title")).to_have_text(title)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.close()


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


def test_a_page_without_https_draws_its_ids_all_the_same(phone: BrowserContext, centre: Centre) -> None:
    phone.add_init_script("crypto.randomUUID = undefined")
    page = opened(phone, centre)
    drawn: Any = page.evaluate("import('/intake/field/files/kept.js').then((kept) => [kept.uuid(), kept.uuid()])")
    assert all(uuid[14] == "4" and uuid[19] in "89ab" and len(uuid) == 36 for uuid in drawn)
    assert drawn[0] != drawn[1]


def test_every_file_of_the_form_is_kept_for_the_time_without_a_signal() -> None:
    kept = (pages.STATIC / "worker.js").read_text(encoding="utf-8")
    scripts = {file.name for file in pages.STATIC.iterdir()} - {"worker.js"}
    assert [name for name in sorted(scripts) if f"/files/{name}" not in kept] == []


def test_the_first_password_opens_no_phone(centre: Centre) -> None:
    name = centre.account(Role.FIELD, must_change=True)
    body = {"name": name, "password": PASSWORD, "device": "7d5c1f0a-6b0e-4d4e-9a39-64617961722e"}
    assert centre.client().post("/v1/tokens", json=body).status_code == 403
