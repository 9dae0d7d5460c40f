"""An operator searches for an event by a word in letters of another script.

The results lead to the event's page and its alert.
"""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.factories import KARA_SUU, LEILEK, NOW, hazard
from tests.console.pages.conftest import Whole, wait_for_words

# Only this test of the pages reports people in Ton, because the search would find an alert about other people.
TON = "KG02220000000"


def test_an_event_is_found_by_keyboard_and_its_page_leads_to_its_alert(whole: Whole, seat: Any) -> None:
    word = f"Өзгөрүш{uuid4().hex[:6]}"
    text = {"ky": {"headline": f"{word}: мөндүр", "description": "Жол жабык"}}
    whole.report_hazard(type="hail", text=text, area={"pcodes": [TON]})
    desk = seat(Role.OPERATOR)
    page = desk.open("/search?lang=en")
    typed = f"hail {word.lower().replace('өзгөрүш', 'ozgorush')}"

    def is_found() -> bool:
        page.goto(f"{whole.url}/search?lang=en")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_contain_text(typed)
        return bool(page.locator("tr[data-key]").count() == 1)

    wait_for_words(page, f"{whole.url}/search?lang=en&q={typed.replace(' ', '+')}", "<tr data-key=")
    assert wait_until(is_found, timeout=60)
    # the URL contains the search, so that people can bookmark and send the results
    assert f"q={typed.replace(' ', '+')}" in page.url
    expect(page.get_by_role("link", name="Alerts 1")).to_have_attribute("aria-current", "page")
    page.get_by_role("link", name="Hazards 1").click()
    expect(page.get_by_role("heading", name="Hazards")).to_contain_text(typed)
    page.get_by_role("link", name="Hail").click()
    expect(page.get_by_role("heading", name=f"{word}: мөндүр")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Жол жабык")
    course = page.locator("section", has=page.get_by_role("heading", name="What happened"))
    expect(course).to_contain_text("Alert raised")
    expect(course).to_contain_text("First report")
    page.get_by_role("link", name="Show on the map").click()
    expect(page.locator("#chosen-title")).to_contain_text("Hail")
    page.go_back()
    # the timeline shows the hazard's revisions, but an alert outside the reader's areas is left out
    hazard_id = urlsplit(page.url).path.rpartition("/")[2]
    elsewhere = whole.signed_in(Role.OPERATOR, areas=[KARA_SUU])
    far = elsewhere.get(f"/alerts/hazards/{hazard_id}/course?lang=en")
    assert "First report" in far.text and "Alert raised" not in far.text
    # the page of an area names a hazard as the board does, and marks hazards that are over
    looked: dict[str, Any] = {"source": "field", "certainty": "Unlikely", "type": "armed_incident"}
    times: dict[str, Any] = {"onset": NOW - timedelta(hours=3), "expires": NOW - timedelta(hours=1)}
    whole.publish(hazard(**looked, **times, area={"pcodes": [LEILEK]}))
    wait_for_words(page, f"{whole.url}/areas/{LEILEK}?lang=en", '<span class="tag">nothing found</span>')
    of_area = re.sub(r"\s+", " ", re.sub("<[^>]*>", "", page.request.get(f"{whole.url}/areas/{LEILEK}?lang=en").text()))
    assert "Armed incident nothing found Expired" in of_area and "As of " in of_area
    # outside the reader's areas, the page of an area must not say "no open alert"
    area = elsewhere.get(f"/areas/{LEILEK}?lang=en").text
    assert "outside your areas" in area and "No open alert" not in area
    # the reader's area is one district of this oblast; the oblast's sums must name the district
    assert "Only your areas: Kara-Suu rayon" in elsewhere.get("/areas/KG06000000000?lang=en").text
    page.locator("tr[data-key]").get_by_role("link", name="Hail", exact=True).click()
    expect(page.locator("article.alert-page")).to_be_visible()
    page.goto(f"{whole.url}/search?lang=en&q={'x' * 10_000}")
    expect(page.get_by_role("alert").first).to_have_text("The text is too long: at most 200 characters.")
    assert [error for error in desk.errors if "422" not in error] == []
