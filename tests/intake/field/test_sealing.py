"""A phone stores no readable data about people.

Reports are sealed to the centre's key. A key that is derived from a PIN encrypts drafts.
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from shared.auth.tokens import Role
from shared.crypto.seal import decode
from tests.browsers import wait_for_script
from tests.installation import in_thread
from tests.intake.factories import household
from tests.intake.field.phones import (
    FAMILY,
    FORM,
    GIVEN,
    KEEP,
    NOTES,
    PIN,
    UNSEEN,
    Centre,
    begun,
    enter_pin,
    filled,
    kept_reports,
    new_phone,
    no_signal,
    opened,
    sent,
    signed_in,
    written,
)
from tests.intake.records import records

STORED = """async () => {
    const databases = (await indexedDB.databases()).map(({ name }) => name);
    const caches_ = await Promise.all((await caches.keys()).map(async (name) => {
        const kept = await caches.open(name);
        return Promise.all((await kept.keys()).map(async (request) => (await kept.match(request)).text()));
    }));
    const places = [location.href, document.referrer, history.state, document.cookie];
    return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, databases, caches_, places]);
}"""


def assert_nothing_personal_is_stored(page: Page) -> None:
    stored = page.evaluate(STORED)
    assert page.evaluate("indexedDB.databases()") == []
    for text in (FAMILY, GIVEN, "555 010203", "sleeps at", PIN):
        for spelling in spellings(text):
            assert spelling not in stored, text


def spellings(text: str) -> Iterator[str]:
    """Yields the text as plain text, in JSON, in a URL, and in the base64 of a longer text."""
    yield from (text, json.dumps(text)[1:-1], quote(text))
    for skipped, first in enumerate((0, 2, 3)):  # base64 turns three bytes into four characters
        encoded = b64encode(b" " * skipped + text.encode()).decode().rstrip("=")[first:-1]
        yield from (encoded, encoded.replace("+", "-").replace("/", "_"))


def test_nothing_personal_is_readable_in_the_phones_storage(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    written(page)
    [report] = kept_reports(page, centre)
    assert set(report["sealed"]) == {"kid", "data"}
    assert report["body"]["members"][0]["given_name"] == GIVEN
    assert report["body"]["members"][0]["family_name"] == FAMILY
    written(page, send=False)
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(1)
    assert_nothing_personal_is_stored(page)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    assert_nothing_personal_is_stored(page)
    [answered] = kept_reports(page, centre)
    assert "sealed" not in answered
    [record] = in_thread(records(centre.installation, "displacements", report["body"]["report_id"]))
    assert record.opened.sealed["members"][0]["family_name"] == FAMILY


def test_a_sealed_report_takes_a_few_kilobytes(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    written(page)
    [report] = page.evaluate("Object.entries(localStorage).filter(([key]) => key.startsWith('dayar.report.'))")
    assert len(report[1]) < 3_000


LAST_WEEK = (datetime.now(UTC) - timedelta(days=7)).isoformat()


def earlier(**changed: Any) -> dict[str, Any]:
    report = household(status="Exercise", needs=[], shelter="unknown", version=1)
    return {"body": report, "account": "", "state": "waiting", "at": LAST_WEEK, **changed}


def test_reports_and_drafts_of_an_earlier_release_are_sealed_and_none_is_lost(
    phone: BrowserContext, centre: Centre
) -> None:
    page = phone.new_page()
    page.goto(f"{centre.url}{FORM}/files/none")
    waiting, draft = earlier(), earlier(author="", corrected=None, tab="other")
    answered = earlier(state="accepted")
    for kept in (waiting, answered):
        page.evaluate(KEEP, [f"dayar.report.{kept['body']['report_id']}", kept])
    page.evaluate(KEEP, [f"dayar.draft.{draft['body']['report_id']}", draft])
    page.close()
    page = opened(phone, centre)
    expect(page.locator("#draft-list li")).to_have_count(1)
    assert_nothing_personal_is_stored(page)
    bodies = {report["clear"]["report_id"]: report["body"] for report in kept_reports(page, centre)}
    assert bodies[waiting["body"]["report_id"]] == waiting["body"]
    assert "members" not in bodies[answered["body"]["report_id"]]
    page.click("#draft-list >> text=Continue")
    expect(page.locator("[data-name=given_name]").first).to_have_value(GIVEN)
    signed_in(page, centre.account(Role.FIELD))
    expect(page.locator("#reports .answer")).to_have_text(["Received by the centre"] * 2)


def through_plain_http(page: Page, centre: Centre) -> None:
    """Serves the centre's pages under a name without HTTPS, where browsers offer no WebCrypto."""

    def served(route: Route) -> None:
        path = route.request.url.removeprefix("http://centre.example")
        headers = {**route.request.headers, "host": centre.url.removeprefix("http://")}
        route.fulfill(response=route.fetch(url=f"{centre.url}{path}", headers=headers))

    page.route("http://centre.example/**", served)


def test_without_webcrypto_the_form_refuses_to_store_and_says_what_to_do(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = fresh_phone.new_page()
    through_plain_http(page, centre)
    sentences = {"en": "cannot encrypt reports", "ru": "не может шифровать", "ky": "шифрлей албайт"}
    for language, sentence in sentences.items():
        page.goto(f"http://centre.example{FORM}?lang={language}")
        expect(page.locator("#opening")).to_contain_text(sentence)
        expect(page.locator("#opening")).to_contain_text("https://")
    expect(page.locator("#report")).to_be_hidden()
    for panel in ("#pin-panel", "#signing", "#account"):
        expect(page.locator(panel)).to_be_hidden()
    # without scripts, a form with the method GET would put the PIN into the URL
    for form in ("#sign-in", "#pin-form", "#report"):
        assert page.locator(form).evaluate("form => form.method") == "post"


def test_without_webcrypto_a_report_of_an_earlier_release_is_still_sent(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = fresh_phone.new_page()
    through_plain_http(page, centre)
    page.goto(f"http://centre.example{FORM}?lang=en")
    name = centre.account(Role.FIELD)
    kept = earlier(account=name)
    page.evaluate(KEEP, [f"dayar.report.{kept['body']['report_id']}", kept])
    token = centre.installation.token(roles=[Role.FIELD], channel="field")
    account = {"token": token, "name": name, "expires_at": "2999-12-31T00:00:00Z"}
    page.evaluate(KEEP, ["dayar.account", account])
    page.reload()
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    assert "555 010203" not in page.evaluate("JSON.stringify({ ...localStorage })")


def test_a_report_is_sealed_and_kept_without_a_signal_also_if_the_tab_is_killed(
    browser: Browser, fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = opened(fresh_phone, centre)
    name = centre.account(Role.FIELD)
    signed_in(page, name)
    with no_signal(fresh_phone, centre):
        page.reload()
        expect(page.locator("#report")).to_be_visible()
        written(page)
        expect(page.locator("#reports .answer")).to_have_text(["Saved on this phone, not sent yet"])
        stored = fresh_phone.storage_state()
        page.close()
    left = new_phone(browser, storage_state=stored)
    again = opened(left, centre)
    expect(again.locator("#reports .answer")).to_have_text("Received by the centre")
    left.close()


def test_the_next_household_copies_what_it_shares_with_the_last_one_and_no_person(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    expect(page.locator("#copy-last")).to_be_hidden()
    page.select_option("#reason", "drought")
    page.select_option("#shelter", "pasture_camp")
    page.check("[name=needs][value=water]", force=True)
    page.fill("#occurred", "2026-06-10")
    written(page)
    page.click("#copy-last")
    expect(page.locator("#origin-district")).to_have_value("KG05258000000")
    expect(page.locator("#copy-last")).to_be_hidden()
    for field in ("#persons", "#phone", "#notes", "#family-name"):
        expect(page.locator(field)).to_have_value("")
    assert page.locator(".member").count() == 0
    page.fill("#persons", "3")
    sent(page)
    [second, first] = sorted(
        (report["body"] for report in kept_reports(page, centre)), key=lambda body: -body["persons"]
    )
    shared = ("origin", "destination", "occurred_at", "reasons", "shelter", "needs")
    assert {name: second[name] for name in shared} == {name: first[name] for name in shared}
    assert second["household_id"] != first["household_id"] and "members" not in second
    page.reload()
    page.click("#copy-last")
    expect(page.locator("#origin-district")).to_have_value("KG05258000000")


def test_a_family_name_is_typed_once_and_a_member_can_have_another(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.click("summary >> text=List the persons")
    page.fill("#family-name", "Асанов")
    for given in ("Нурлан", "Айгүл"):
        page.click("#add-member")
        page.locator("[data-name=given_name]").last.fill(given)
    page.locator("[data-name=family_name]").last.fill("Асанова")
    filled(page, persons="2")
    [report] = kept_reports(page, centre)
    names = [(member["given_name"], member["family_name"]) for member in report["body"]["members"]]
    assert names == [("Нурлан", "Асанов"), ("Айгүл", "Асанова")]


def test_a_report_is_bound_to_the_account_that_wrote_it(phone: BrowserContext, centre: Centre) -> None:
    """The centre opens a sealed report only for its author's account. A copied report is useless to all others."""
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.route("**/v1/displacements:sealed", lambda route: route.abort())
    written(page)
    [report] = kept_reports(page, centre)
    token = page.evaluate("JSON.parse(localStorage.getItem('dayar.account')).token")
    [claims] = [json.loads(decode(part)) for part in token.split(".")[1:2]]
    assert report["sealed"]["account"] == claims["sub"]
    assert report["body"]["members"][0]["given_name"] == GIVEN
    page.unroute("**/v1/displacements:sealed")
    page.click("#send-now")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_while_a_report_is_sealed_no_other_one_is_lost(fresh_phone: BrowserContext, centre: Centre) -> None:
    """The phone may wait up to 20 s for the centre's key.

    While the phone waits for the key, the author may continue another draft.
    """
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    fresh_phone.route("**/field/key", hold)
    page = opened(fresh_phone, centre)
    begun(page)
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(1)
    filled(page, send=False)
    page.click("#send")
    expect(page.locator("#report")).to_have_attribute("aria-busy", "true")
    assert page.evaluate("document.querySelector('#report').inert")
    page.click("#draft-list >> text=Continue")
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")
    for route in held:
        route.continue_()
    expect(page.locator("#reports li")).to_have_count(1)
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")
    page.click("#another")
    expect(page.locator("#draft-list li")).to_have_count(1)


def test_a_correction_draft_of_an_earlier_release_is_continued_and_sent(phone: BrowserContext, centre: Centre) -> None:
    """In the previous release of Dayar, the draft of a correction also contained the whole report that it corrects."""
    page = phone.new_page()
    page.goto(f"{centre.url}{FORM}/files/none")
    corrected = earlier(state="accepted")
    draft = earlier(author="", corrected=corrected, tab="other", body={**corrected["body"], "notes": NOTES})
    page.evaluate(KEEP, [f"dayar.draft.{draft['body']['report_id']}", draft])
    page.close()
    page = opened(phone, centre)
    expect(page.locator("#draft-list li")).to_have_count(1)
    assert_nothing_personal_is_stored(page)
    page.click("#draft-list >> text=Continue")
    expect(page.locator("#notes")).to_have_value(NOTES)
    sent(page)
    assert (page.locator("#wrong").inner_text(), page.locator("#odd-values").inner_text()) == ("", "")
    [report] = kept_reports(page, centre)
    assert (report["clear"]["version"], report["body"]["notes"]) == (2, NOTES)
    expect(page.locator("#drafts")).to_be_hidden()


FULL = "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"


def test_a_full_phone_says_so_and_the_form_keeps_what_could_not_be_stored(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    page.evaluate("localStorage.removeItem('dayar.centre-key')")
    page.evaluate(FULL)
    filled(page, send=False)
    begun(page)
    expect(page.locator("#wrong")).to_contain_text("This phone has no storage left")
    page.evaluate(UNSEEN)
    expect(page.locator("#notes")).to_have_value(NOTES)
    sent(page)
    expect(page.locator("#wrong")).to_contain_text("This phone has no storage left")


def test_a_draft_that_an_older_page_stored_in_clear_is_sealed_at_the_next_opening(
    phone: BrowserContext, centre: Centre
) -> None:
    """The PIN is chosen in one tab, while another tab still shows the previous release of Dayar."""
    page = opened(phone, centre)
    draft = earlier(author="", corrected=None, tab="other")
    page.evaluate(KEEP, [f"dayar.draft.{draft['body']['report_id']}", draft])
    page.reload()
    wait_for_script(page, "!JSON.stringify({ ...localStorage }).includes('given_name')")
    expect(page.locator("#draft-list li")).to_have_count(1)
    assert_nothing_personal_is_stored(page)
    page.click("#draft-list >> text=Continue")
    enter_pin(page)
    expect(page.locator("[data-name=given_name]").first).to_have_value(GIVEN)
