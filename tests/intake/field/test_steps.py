"""The full form is shown in steps. Going back keeps the typed values."""

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.intake.field.phones import Centre, kept_reports, opened, saved

FULL = "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"


def progress(page: Page) -> Locator:
    return page.locator("#progress")


def forward_in_another_kind(page: Page) -> None:
    page.go_back()
    page.go_back()
    expect(progress(page)).to_have_text("Step 1 of 4")
    page.check("input[value=nothing]", force=True)
    page.go_forward()
    page.go_forward()
    expect(progress(page)).to_have_text("Step 2 of 3")
    expect(page.locator("#origin-oblast")).to_be_visible()
    page.click("#back")
    page.check("input[value=household]", force=True)
    page.click("#next")
    page.click("#next")


def test_a_household_is_reported_in_four_steps(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    page.set_viewport_size({"width": 320, "height": 640})
    page.check("text=Step by step")
    expect(progress(page)).to_have_text("Step 1 of 4")
    expect(page.locator("#send, #back, #origin-oblast, #persons, #shelter").filter(visible=True)).to_have_count(0)
    page.click("#next")
    expect(progress(page)).to_have_text("Step 2 of 4")
    page.click("#next")
    expect(page.locator("#wrong")).to_contain_text("Where they come from: must be filled in")
    page.select_option("#origin-oblast", "KG05000000000")
    page.select_option("#destination-oblast", "RU")
    expect(page.locator("#wrong")).to_be_hidden()
    page.click("#next")
    expect(progress(page)).to_have_text("Step 3 of 4")
    expect(page.locator("#persons")).to_be_visible()
    page.fill("#persons", "5")
    forward_in_another_kind(page)
    page.press("#persons", "Enter")
    expect(progress(page)).to_have_text("Step 4 of 4")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    expect(page.locator("#next")).to_be_hidden()
    page.go_back()
    expect(page.locator("#persons")).to_have_value("5")
    page.fill("#persons", "")
    page.go_forward()
    page.click("#send")  # the form goes back to the step with the wrong field
    expect(page.locator("#persons")).to_be_focused()
    expect(progress(page)).to_have_text("Step 3 of 4")
    page.fill("#persons", "4")
    saved(page)
    page.click("#back")
    expect(progress(page)).to_have_text("Step 2 of 4")
    page.click("#next")
    page.click("#next")
    page.click("#send")
    expect(page.locator("#next")).to_be_visible()  # after sending, the form is empty and shows its first step
    expect(progress(page)).to_have_text("Step 1 of 4")
    [kept] = kept_reports(page, centre)
    assert kept["body"]["persons"] == 4
    page.check("input[value=nothing]", force=True)
    expect(progress(page)).to_have_text("Step 1 of 3")
    page.check("text=Short form")
    expect(progress(page)).to_be_hidden()
    expect(page.locator("#origin-oblast")).to_be_visible()
    page.evaluate(FULL)
    page.uncheck("text=Short form")
    page.uncheck("text=Step by step")
    expect(page.locator("#origin-oblast")).to_be_visible()
