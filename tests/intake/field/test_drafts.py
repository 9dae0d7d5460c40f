"""Drafts stay on the phone.

Only the author of a draft can see the draft. If a browser cannot run the form, the page says so.
"""

from playwright.sync_api import Browser, BrowserContext, Page, expect

from shared.auth.tokens import Role
from tests.installation import in_thread
from tests.intake.field.phones import (
    FORM,
    Centre,
    begun,
    choose_pin,
    enter_pin,
    filled,
    keep_account,
    kept_reports,
    new_phone,
    opened,
    saved,
    signed_in,
)
from tests.intake.records import records

NOTES = "sleeps at Айгүл's"


def half_written(page: Page) -> None:
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", "KG05258000000")
    page.click("summary >> nth=0")
    page.click("#add-member")
    page.fill("[data-name=family_name]", "Токтогулова")
    begun(page)


def holds_what_was_written(page: Page) -> None:
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#origin-district")).to_have_value("KG05258000000")
    expect(page.locator("#destination-oblast")).to_have_value("")
    expect(page.locator("#members [data-name=family_name]")).to_have_value("Токтогулова")


def test_a_draft_continues_in_another_language(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    half_written(page)
    page.click(".languages [lang=ky]")
    expect(page.locator("#form-title")).to_have_text("Жаңы билдирүү")
    enter_pin(page)
    holds_what_was_written(page)
    page.select_option("#destination-oblast", "RU")
    page.click("#send")
    expect(page.locator("#reports .is-good")).to_have_count(1)
    page.reload()
    expect(page.locator("#notes")).to_have_value("")
    page.go_back()
    expect(page.locator("#form-title")).to_have_text("New report")
    expect(page.locator("#notes")).to_have_value("")


def test_an_empty_number_stays_empty_in_another_language(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    begun(page)
    page.click(".languages [lang=ru]")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#persons")).to_have_value("")


def test_a_correction_in_full_of_a_short_report_continues_as_a_correction(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.click("#short")
    expect(page.locator("#notes")).to_be_hidden()
    filled(page)
    expect(page.locator("#reports .is-good")).to_have_count(1)
    page.click("#reports >> text=Correct")
    begun(page)
    page.reload()
    enter_pin(page)
    expect(page.locator("#correcting")).to_be_visible()
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .is-good")).to_have_count(1)
    [report] = kept_reports(page, centre)
    first, last = in_thread(records(centre.installation, "displacements", report["body"]["report_id"]))
    assert "notes" not in first.opened.sealed
    assert last.opened.sealed["notes"] == NOTES
    assert (first.event.data.version, last.event.data.version) == (1, 2)
    assert last.event.data.household_id == first.event.data.household_id


def test_a_draft_waits_while_a_correction_is_written(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    begun(page)
    page.click("#reports >> text=Correct")
    expect(page.locator("#correcting")).to_be_visible()
    expect(page.locator("#notes")).to_have_value("")
    page.click("#draft-list >> text=Continue")
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#correcting")).to_be_hidden()


def test_a_draft_survives_a_killed_tab(browser: Browser, phone: BrowserContext, centre: Centre) -> None:
    """Browsers send no event when a tab is killed. The form therefore saves the draft after every change.

    If the person taps another kind of report by mistake, nothing is lost. The draft is continued in steps, because the
    form shows steps at first.
    """
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    half_written(page)
    page.check("input[value=hazard]", force=True)
    saved(page)
    left = new_phone(browser, storage_state=phone.storage_state())
    again = opened(left, centre)
    expect(again.locator("#draft-list li")).to_have_count(1)
    again.click("#draft-list >> text=Continue")
    enter_pin(again)
    expect(again.locator("#seen-type")).to_be_visible()
    again.check("input[value=household]", force=True)
    holds_what_was_written(again)
    again.check("text=Step by step")
    again.click("#next")
    again.select_option("#destination-oblast", "RU")
    again.click("#next")
    again.fill("#persons", "1")
    again.click("#next")
    again.click("#send")
    expect(again.locator("#reports .is-good")).to_have_count(1)
    expect(again.locator("#drafts")).to_be_hidden()
    again.reload()
    expect(again.locator("#reports .is-good")).to_have_count(1)
    expect(again.locator("#drafts")).to_be_hidden()
    left.close()


def test_several_drafts_are_listed_and_one_is_discarded_after_asking(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    for persons in ("2", "3"):
        page.fill("#persons", persons)
        page.click("#another")
    expect(page.locator("#draft-list .muted")).to_contain_text(["persons: 3", "persons: 2"])
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("#draft-list >> text=Delete").first.click()
    expect(page.locator("#draft-list li")).to_have_count(2)
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#draft-list >> text=Delete").first.click()
    expect(page.locator("#draft-list .muted")).to_contain_text(["persons: 2"])


def test_a_draft_is_written_in_one_tab_at_a_time_and_sent_once(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    second = opened(phone, centre)
    second.click("#draft-list >> text=Continue")
    enter_pin(second)
    expect(second.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#notes")).to_have_value("")
    filled(second)
    expect(second.locator("#reports .is-good")).to_have_count(1)
    expect(page.locator("#drafts")).to_be_hidden()
    assert len(kept_reports(page, centre)) == 1


def test_a_draft_is_not_shown_to_another_account(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun(page)
    page.goto("about:blank")
    other = opened(phone, centre)
    keep_account(other, "Гүлзат")
    page.go_back()
    expect(page.locator("#account-name")).to_have_text("Гүлзат")
    expect(page.locator("#notes")).to_have_value("")
    expect(page.locator("#drafts")).to_be_hidden()


def test_without_scripts_nothing_can_be_entered_that_a_url_would_reveal(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    page = fresh_phone.new_page()
    # without form.js, the browser runs no script of the form
    page.route("**/form.js", lambda route: route.abort())
    sentences = {"ru": "Форма ещё не открылась", "ky": "ачыла элек", "en": "The form has not opened yet"}
    for language, sentence in sentences.items():
        page.goto(f"{centre.url}{FORM}?lang={language}")
        expect(page.locator(".unopened")).to_contain_text(sentence)
        # finishes the animation, as if its time had passed
        page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")
        expect(page.locator(".unopened .button")).to_be_visible()
        expect(page.locator("#report")).to_be_hidden()
    page.unroute("**/form.js")
    page.click(".unopened .button")
    choose_pin(page)
    expect(page.locator("#form-title")).to_have_text("New report")


REFUSED = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException(); } })"


def test_a_browser_without_storage_says_so_before_anybody_writes(phone: BrowserContext, centre: Centre) -> None:
    page = phone.new_page()
    page.add_init_script(REFUSED)
    sentences = {"en": "cannot save data", "ru": "ничего не может сохранить", "ky": "сактай албайт"}
    for language, sentence in sentences.items():
        page.goto(f"{centre.url}{FORM}?lang={language}")
        expect(page.locator("#opening")).to_contain_text(sentence)
        expect(page.locator("#report")).to_be_hidden()
