"""The phone reports later events of a household: a household of the phone's list, or one with a short code."""

from uuid import uuid4

from playwright.sync_api import BrowserContext, Page, expect

from shared.auth.tokens import Role
from shared.events.short_codes import is_valid
from tests.intake.field.phones import Centre, enter_pin, filled, kept_reports, opened, saved, sent, signed_in
from tests.intake.field.test_groups import begun_group, known_site
from tests.registry.factories import LEILEK

OSH_OBLAST = "KG06000000000"


def test_a_movement_of_a_listed_household_and_of_a_household_with_a_short_code(
    phone: BrowserContext, centre: Centre
) -> None:
    name = f"Школа {uuid4()}"
    site = known_site(centre, name_ru=name, name_ky=f"Мектеп {name[-12:]}", pcode=LEILEK)
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.wait_for_function("name => localStorage.getItem('dayar.sites')?.includes(name)", arg=name)
    filled(page)
    answers = page.locator("#reports .answer")
    expect(answers).to_have_text(["Received by the centre"])
    [household] = kept_reports(page, centre)
    code = household["body"]["short_code"]
    assert is_valid(code)
    expect(page.locator("#reports .muted")).to_contain_text(f"short code {code[:3]}-{code[3:6]}-{code[6:]}")

    page.click("#reports >> text=What happened later")
    expect(page.locator("#household")).to_have_value(household["body"]["household_id"])
    expect(page.locator("#origin-place")).to_be_hidden()
    page.select_option("#movement", "confirmed_here")
    expect(page.locator("#destination-place")).to_be_hidden()
    page.select_option("#movement", "transferred")
    sent(page)
    expect(page.locator("#wrong")).to_contain_text("must be filled in")
    page.fill("#destination-locality", name[:16].lower())
    page.locator("#destination-locality-list li", has_text=f"Мектеп {name[-12:]}").tap()
    expect(page.locator("#destination-district")).to_have_value(LEILEK)
    page.fill("#persons", "5")
    sent(page)
    expect(page.locator("#odd-values")).to_have_text("Number of persons: 5, but the household has 4")
    page.fill("#persons", "3")
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 2)

    page.check("input[value=household_movement]", force=True)
    page.select_option("#movement", "returned")
    page.fill("#household-code", "7k3 m9q xb7")
    sent(page)
    expect(page.locator("#wrong")).to_contain_text("one of them is wrong or missing")
    page.fill("#household-code", "7k3 m9q xa7")
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 3)

    moved = {report["body"]["movement"]: report["body"] for report in kept_reports(page, centre) if report != household}
    assert moved["transferred"]["household_id"] == household["body"]["household_id"]
    assert (moved["transferred"]["destination_site_id"], moved["transferred"]["persons"]) == (site, 3)
    assert moved["transferred"]["destination"] == {"pcode": LEILEK}
    assert moved["returned"]["household_code"] == "7K3M9QXA7"
    assert not {"household_id", "persons", "destination"} & moved["returned"].keys()
    expect(page.locator("#reports .muted").first).to_contain_text("Returned")

    page.locator("#reports >> text=What happened later").first.click()
    page.check("input[value=household]", force=True)  # the author now reports a new household instead of a movement
    filled(page, persons="6")
    expect(answers).to_have_text(["Received by the centre"] * 4)
    other = next(report["body"] for report in kept_reports(page, centre) if report["clear"].get("persons") == 6)
    assert other["household_id"] != household["body"]["household_id"]


def contradicted(page: Page) -> None:
    today = page.input_value("#occurred")
    page.select_option("#movement", "transferred")
    page.select_option("#destination-oblast", OSH_OBLAST)
    page.fill("#occurred", "2025-05-04")
    sent(page)
    expect(page.locator("#odd-values")).to_have_text(
        "When it happened: 04.05.2025 is before these people left, on 05.05.2025\n"
        "Where they are now: Osh oblast, where these people are already"
    )
    page.fill("#occurred", today)


def after_a_death(page: Page) -> None:
    page.click("#reports >> text=What happened later")
    page.select_option("#movement", "died")
    page.fill("#persons", "2")
    page.fill("#occurred", "2025-06-01")
    sent(page)
    page.click("#reports >> text=What happened later")
    page.select_option("#movement", "confirmed_here")
    page.fill("#occurred", "2025-06-02")
    sent(page)
    died = "When it happened: 02.06.2025 is after 01.06.2025, when all these people had died"
    expect(page.locator("#odd-values")).to_have_text(died)


def test_a_movement_of_some_members_is_reversed_from_the_list_with_a_reason(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.click("summary >> text=List the persons")
    for number, name in enumerate(("Асан", "Жылдыз")):
        page.click("#add-member")
        page.locator("[data-name=given_name]").nth(number).fill(name)
    page.fill("#occurred", "2025-05-05")
    filled(page, persons="2", destination=OSH_OBLAST)
    answers = page.locator("#reports .answer")
    expect(answers).to_have_text(["Received by the centre"])

    page.click("#reports >> text=What happened later")
    expect(page.locator("#persons")).to_be_hidden()
    contradicted(page)
    page.select_option("#movement", "died")
    sent(page)
    expect(page.locator("#wrong")).to_have_text("Say who or how many died.")
    page.select_option("#movement", "settled_elsewhere")
    page.locator("#movers label", has_text="Жылдыз").tap()
    page.select_option("#destination-oblast", "KG05000000000")
    page.fill("#destination-locality", "Тобей")
    saved(page)
    page.reload()  # the reloaded page has no names, but the draft has the chosen members
    enter_pin(page)
    expect(page.locator("#movers input:checked")).to_have_count(1)
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 2)
    household, moved = sorted(kept_reports(page, centre), key=lambda report: report["at"])
    member = next(each for each in household["body"]["members"] if each["given_name"] == "Жылдыз")
    assert moved["body"]["member_ids"] == [member["member_id"]]
    assert "persons" not in moved["body"] and moved["body"]["destination_locality"] == "Тобей"

    page.set_viewport_size({"width": 320, "height": 640})
    page.click("#reports >> text=This was wrong")
    page.click("#reversal-form .is-primary")
    expect(page.locator("#reversal-failed")).to_have_text("Why it was wrong: must be filled in")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.fill("#reversal-reason", "Айгүл was mistaken")
    page.click("#reversal-form .is-primary")
    expect(page.locator("#reversal")).to_be_hidden()
    item = page.locator("#reports li", has_text="Movement")
    expect(item.locator(".muted")).to_contain_text("reversed · Settled elsewhere")
    expect(item.locator("text=This was wrong")).to_have_count(0)
    expect(answers).to_have_text(["Received by the centre"] * 2)
    assert "Айгүл" not in page.evaluate("JSON.stringify({ ...localStorage })")
    [reversal] = [report["body"] for report in kept_reports(page, centre) if report["clear"]["version"] == 2]
    told = {name: reversal[name] for name in ("report_id", "version", "is_reversed", "notes", "household_id")}
    assert told == {
        "report_id": moved["body"]["report_id"],
        "version": 2,
        "is_reversed": True,
        "notes": "Айгүл was mistaken",
        "household_id": household["body"]["household_id"],
    }
    assert reversal["occurred_at"] == moved["body"]["occurred_at"]
    after_a_death(page)


def test_a_movement_of_a_counted_group_is_written_without_a_signal_and_reversed(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    begun_group(page, "150")
    page.select_option("#measure", "flow")
    sent(page)
    answers = page.locator("#reports .answer")
    expect(answers).to_have_text(["Received by the centre"])
    # people of a flow only pass by, so the phone offers no later event
    expect(page.locator("#reports >> text=What happened later")).to_have_count(0)
    begun_group(page, "120")
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 2)

    page.click("#reports >> text=What happened later")
    expect(page.locator("#household option:checked")).to_contain_text("persons: 120")
    expect(page.locator("#household option")).to_have_count(2)  # two options: the group, and "By short code"
    page.select_option("#movement", "died")
    sent(page)
    expect(page.locator("#wrong")).to_have_text("Say who or how many died.")
    page.select_option("#movement", "returned")
    page.fill("#persons", "130")
    sent(page)
    expect(page.locator("#odd-values")).to_have_text("Number of persons: 130, but 120 were counted")
    page.fill("#persons", "30")
    saved(page)
    page.reload()
    enter_pin(page)
    expect(page.locator("#household option:checked")).to_contain_text("persons: 120")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    phone.set_offline(True)
    sent(page)
    expect(answers.first).to_have_text("Saved on this phone, not sent yet")
    phone.set_offline(False)
    expect(answers).to_have_text(["Received by the centre"] * 3)
    _, group, moved = sorted(kept_reports(page, centre), key=lambda report: report["at"])
    assert moved["body"]["kind"] == "group_movement"
    assert moved["body"]["group_id"] == group["body"]["group_id"]
    assert (moved["body"]["persons"], "household_id" in moved["body"]) == (30, False)

    page.click("#reports >> text=This was wrong")
    page.fill("#reversal-reason", "another group")
    page.click("#reversal-form .is-primary")
    expect(page.locator("#reports li", has_text="Movement of a group").locator(".muted")).to_contain_text("reversed")
    expect(answers).to_have_text(["Received by the centre"] * 3)
    [reversal] = [report["body"] for report in kept_reports(page, centre) if report["clear"].get("is_reversed")]
    assert (reversal["group_id"], reversal["version"]) == (group["body"]["group_id"], 2)
