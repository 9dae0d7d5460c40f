"""The operators' manual in the browser, and the link "Help" that leads there."""

from typing import Any

from playwright.sync_api import expect

from shared.auth.tokens import Role
from tests.console.pages.test_accessibility import findings

OUTSIDE = "/manual/pictures/%2e%2e/ru.md"  # this path leads out of the folder of pictures


def test_help_opens_the_chapter_about_the_page_with_its_picture(seat: Any) -> None:
    """The manual fits the screen of a telephone.

    The checker axe finds nothing serious in the manual. The wall screen has no help.
    """
    desk = seat(Role.OPERATOR)
    page = desk.open("/search?lang=ru")
    with page.expect_popup() as opening:
        page.get_by_role("link", name="Справка", exact=True).click()
    manual = opening.value
    manual.on("console", desk.note)
    expect(manual.locator("section#search")).to_be_in_viewport()
    expect(manual.get_by_role("link", name="Справка", exact=True)).to_have_count(0)
    picture = manual.locator("section#search img")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("image => image.naturalWidth") == int(picture.get_attribute("width"))
    assert findings(manual) == []
    manual.set_viewport_size({"width": 390, "height": 800})
    assert manual.evaluate("document.documentElement.scrollWidth") <= 390
    manual.locator(".contents a").first.click()
    expect(manual.locator("section#sign-in h2")).to_be_in_viewport()
    assert desk.errors == []
    wall, outside = (desk.context.request.get(f"{desk.whole.url}{path}") for path in ("/wall", OUTSIDE))
    assert 'href="/manual#' not in wall.text() and wall.ok
    assert outside.status == 404
