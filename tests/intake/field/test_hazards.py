"""A field team reports a hazard that it saw: the kind, the severity, the time, the place, and what is affected."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, expect

from shared.auth.tokens import Role
from tests.installation import in_thread
from tests.intake.field.phones import Centre, enter_pin, kept_reports, opened, saved, signed_in
from tests.intake.field.test_form import FOUND_LATE
from tests.intake.records import records

VILLAGE = "found({ coords: { latitude: 40.15, longitude: 71.2, accuracy: 8 } })"  # 5 km away
FOUND = "found({ coords: { latitude: 40.1, longitude: 71.2, accuracy: %d } })"
WORDS = "Affected: 5 houses"  # the line that the form writes for the checked boxes


def located(page: Page, answer: str, text: str) -> None:
    page.click("#locate")
    expect(page.locator("#located")).to_have_text("Looking for the location…")
    page.evaluate(answer)
    expect(page.locator("#located")).to_contain_text(text)


def continued_in_english(page: Page) -> None:
    page.fill("#notes", WORDS)
    saved(page)
    page.click(".languages [lang=en]")
    enter_pin(page)
    expect(page.get_by_label("canal, bank or dam")).to_be_checked()
    expect(page.locator("#notes")).to_have_value(WORDS)


def test_a_hazard_is_reported_where_the_team_saw_it(fresh_phone: BrowserContext, centre: Centre) -> None:
    fresh_phone.add_init_script(FOUND_LATE)
    now = datetime.now(UTC)
    fresh_phone.clock.set_fixed_time(now - timedelta(hours=7))  # the form is open for hours before the team sees it
    page = opened(fresh_phone, centre, "ky")
    signed_in(page, centre.account(Role.FIELD))
    page.clock.set_fixed_time(now)
    page.check("input[value=hazard]", force=True)
    expect(page.locator("#destination-place, #persons, #shelter").filter(visible=True)).to_have_count(0)
    page.select_option("#seen-type", "glof")
    page.check("[name=severity][value=Severe]", force=True)
    expect(page.get_by_role("group", name="Таасирине кабылды")).to_be_visible()  # not people only
    page.check("[name=affected][value='8']", force=True)
    page.check("[name=hazard_urgent]")
    continued_in_english(page)
    page.check("text=road or bridge")
    expect(page.get_by_text("No names, telephones or addresses of people.")).to_be_visible()
    page.click("#send")
    expect(page.locator("#wrong")).to_have_text("Where it happened: must be filled in")
    located(page, VILLAGE, "within 8 m")
    located(page, FOUND % 450, "only within 450 m, which is more than 100 m")
    for answer in (FOUND % 30, FOUND % 80, "failed({ code: 3 })"):
        located(page, answer, "within 30 m")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    expect(page.locator("#reports strong")).to_contain_text("Hazard")
    page.reload()  # after the reload, the typed words are only in the sealed report
    page.click("#reports >> text=Correct")
    expect(page.locator("#written-anew")).to_be_visible()
    expect(page.locator("#seen-type")).to_have_value("glof")
    expect(page.locator("#notes")).to_have_value("")
    page.fill("#notes", WORDS)
    page.check("[name=severity][value=Extreme]", force=True)
    page.click("#send")
    expect(page.locator("#correcting")).to_be_hidden()
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [kept] = kept_reports(page, centre)
    assert WORDS not in str(kept["clear"])
    report_id = kept["clear"]["report_id"]
    first, later = in_thread(records(centre.installation, "hazards-restricted", report_id))
    assert (first.data.type, first.data.severity, first.data.certainty) == ("glof", "Severe", "Observed")
    assert (first.data.urgency, first.data.channel) == ("Immediate", "field")
    assert now - timedelta(minutes=1) < first.data.onset <= now
    assert first.data.area.point.model_dump() == {"lat": 40.1, "lon": 71.2, "accuracy": 30}
    made = "Urgent: help is needed at once. Affected: road or bridge, canal, bank or dam"
    assert (first.data.text["en"].headline, first.data.text["en"].description) == (WORDS, f"{made}\n{WORDS}")
    assert (later.data.text, later.data.urgency) == (first.data.text, first.data.urgency)
    assert (later.data.area, later.data.onset) == (first.data.area, first.data.onset)
    assert (later.data.severity, later.data.revision, later.type) == ("Extreme", 2, "dayar.hazard.updated.v1")


def test_a_team_that_found_nothing_says_so(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.select_option("#origin-oblast", "other")  # a household may come from another country, but a hazard may not
    page.check("input[value=nothing]", force=True)
    expect(page.locator("#origin-oblast")).to_have_value("")
    expect(page.locator("#origin-country")).to_be_hidden()
    elsewhere = page.locator("#origin-oblast :is([value=KZ], [value=ZZ])")
    assert elsewhere.evaluate_all("options => options.map(option => option.matches(':disabled'))") == [True, True]
    page.select_option("#looked-for", "avalanche")
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#origin-district", "KG05258000000")
    page.fill("#notes", "x" * 4000)
    page.click("#send")
    expect(page.locator("#wrong")).to_have_text("What you saw, in words: too long")
    page.fill("#notes", "the road is dry")
    page.click("#send")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    expect(page.locator("#reports strong")).to_contain_text("Nothing here")
    page.click("#reports >> text=Correct")
    expect(page.locator("input[value=nothing]")).to_be_checked()
    expect(page.locator("#looked-for")).to_have_value("avalanche")
    expect(page.locator("#notes")).to_have_value("the road is dry")
    [kept] = kept_reports(page, centre)
    [event] = in_thread(records(centre.installation, "hazards-restricted", kept["clear"]["report_id"]))
    assert (event.data.type, event.data.area.pcodes) == ("avalanche", ("KG05258000000",))
    assert (event.data.certainty, event.data.severity, event.data.urgency) == ("Unlikely", "Minor", "Past")
    assert event.data.expires == event.data.onset
    assert event.data.text["en"].description == "A team looked at the place and found nothing.\nthe road is dry"
