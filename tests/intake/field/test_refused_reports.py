"""Reports that the centre refused are sent again or corrected on the phone."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.installation import in_thread
from tests.intake.field.phones import (
    FORM,
    GIVEN,
    KEEP,
    NOTES,
    Centre,
    enter_pin,
    kept_reports,
    opened,
    sent,
    signed_in,
    written,
)
from tests.intake.field.test_sealing import assert_nothing_personal_is_stored, earlier
from tests.intake.records import records


def refused(page: Page, centre: Centre, status: int = 403) -> None:
    signed_in(page, centre.account(Role.FIELD))
    page.route("**/v1/displacements:sealed", lambda route: route.fulfill(status=status, json={"status": status}))
    written(page)
    expect(page.locator("#reports .is-bad")).to_have_count(1)
    page.unroute("**/v1/displacements:sealed")


@pytest.mark.parametrize(("status", "version"), [(403, 1), (413, 1), (422, 1), (409, 2)])
def test_a_refused_report_can_be_sent_again_as_it_is(
    phone: BrowserContext, centre: Centre, status: int, version: int
) -> None:
    page = opened(phone, centre)
    refused(page, centre, status)
    page.reload()
    page.click("#reports button:has-text('Send again')")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [report] = kept_reports(page, centre)
    [record] = in_thread(records(centre.installation, "displacements", report["clear"]["report_id"]))
    assert (record.opened.clear.version, record.opened.sealed["notes"]) == (version, NOTES)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('dayar.draft.'))") == []


def test_what_was_written_in_a_refused_report_is_corrected_after_a_reload(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    refused(page, centre)
    page.reload()
    assert_nothing_personal_is_stored(page)
    expect(page.locator("#drafts")).to_be_hidden()
    page.click("#reports button:has-text('Correct')")
    enter_pin(page)
    expect(page.locator("#notes")).to_have_value(NOTES)
    expect(page.locator("#written-anew")).to_be_hidden()
    sent(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [report] = kept_reports(page, centre)
    assert report["body"]["members"][0]["given_name"] == GIVEN


@pytest.mark.parametrize(
    "answer", [{"state": "refused"}, {"state": "conflict"}, {"state": "accepted", "receipt": {"state": "refused"}}]
)
def test_a_refused_report_of_an_earlier_release_keeps_its_text_for_a_correction(
    phone: BrowserContext, centre: Centre, answer: dict[str, Any]
) -> None:
    page = phone.new_page()
    page.goto(f"{centre.url}{FORM}/files/none")
    kept = earlier(**answer)
    if "receipt" in kept:
        kept["receipt"] = {"report_id": kept["body"]["report_id"], "version": 1, "reason": None, **kept["receipt"]}
    page.evaluate(KEEP, [f"dayar.report.{kept['body']['report_id']}", kept])
    page.close()
    page = opened(phone, centre)
    wait_for_script(page, "!JSON.stringify({ ...localStorage }).includes('555 0102')")
    wait_for_script(page, "Object.keys(localStorage).some((key) => key.startsWith('dayar.draft.'))")
    assert_nothing_personal_is_stored(page)
    page.click("#reports button:has-text('Correct')")
    expect(page.locator("[data-name=given_name]").first).to_have_value(GIVEN)


def test_a_report_that_the_phone_cannot_open_is_written_anew_as_its_next_version(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    written(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    page.reload()
    page.click("#reports >> text=Correct")
    expect(page.locator("#written-anew")).to_be_visible()
    expect(page.locator("#origin-district")).to_have_value("KG05258000000")
    expect(page.locator("#persons")).to_have_value("1")
    expect(page.locator("#notes")).to_have_value("")
    page.fill("#persons", "2")
    sent(page)
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [report] = kept_reports(page, centre)
    found = in_thread(records(centre.installation, "displacements", report["clear"]["report_id"]))
    assert [(record.opened.clear.version, record.opened.clear.persons) for record in found] == [(1, 1), (2, 2)]
    assert len({record.opened.clear.household_id for record in found}) == 1
