"""The phone reports what happened later to a household of its list, or to a household with a short code."""

from playwright.sync_api import BrowserContext, expect

from shared.auth.tokens import Role
from shared.events.short_codes import is_valid
from tests.browsers import SLOW_MS
from tests.intake.field.phones import Centre, filled, kept_reports, opened, sent, signed_in


def test_a_movement_of_a_listed_household_and_of_a_household_with_a_short_code(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    answers = page.locator("#reports .answer")
    expect(answers).to_have_text(["Received by the centre"], timeout=SLOW_MS)
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
    page.select_option("#destination-oblast", "KG05000000000")
    page.fill("#destination-locality", "Тобей")
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 2, timeout=SLOW_MS)

    page.check("input[value=household_movement]", force=True)
    page.select_option("#movement", "returned")
    page.fill("#household-code", "7k3 m9q xb7")
    sent(page)
    expect(page.locator("#wrong")).to_contain_text("one of them is wrong or missing")
    page.fill("#household-code", "7k3 m9q xa7")
    sent(page)
    expect(answers).to_have_text(["Received by the centre"] * 3, timeout=SLOW_MS)

    moved = {report["body"]["movement"]: report["body"] for report in kept_reports(page, centre) if report != household}
    assert moved["transferred"]["household_id"] == household["body"]["household_id"]
    assert moved["transferred"]["destination"] == {"pcode": "KG05000000000"}
    assert moved["transferred"]["destination_locality"] == "Тобей"
    assert moved["returned"]["household_code"] == "7K3M9QXA7"
    assert not {"household_id", "persons", "destination"} & moved["returned"].keys()
    expect(page.locator("#reports .muted").first).to_contain_text("Returned")

    page.locator("#reports >> text=What happened later").first.click()
    page.check("input[value=household]", force=True)  # the author then reports another household in the same form
    filled(page, persons="3")
    expect(answers).to_have_text(["Received by the centre"] * 4, timeout=SLOW_MS)
    other = next(report["body"] for report in kept_reports(page, centre) if report["clear"].get("persons") == 3)
    assert other["household_id"] != household["body"]["household_id"]
