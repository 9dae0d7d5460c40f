"""On the page "New count", an operator states at which site the people are."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from tests.console.factories import KADAMJAI, LEILEK
from tests.console.pages.conftest import Whole
from tests.console.pages.test_new_count import begun
from tests.console.pages.test_sites import saved
from tests.gazetteers import DOBO


def test_a_site_is_found_by_its_name_and_the_board_shows_it(whole: Whole, seat: Any) -> None:
    """When the operator chooses a site, the form fills in the site's district and kind of shelter.

    If the operator then changes the text, no site is chosen any more.
    """
    name, village = f"Мектеп {uuid4()}", f"Көк-Таш {uuid4()}"
    site = saved(whole, name_ky=name, name_ru=f"Школа {name[-12:]}", pcode=LEILEK, locality=village)
    page = begun(seat, persons="37")
    page.fill("#origin-locality", village.replace("ө", "о")[:14])
    expect(page.locator("#origin-locality-list li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#origin-locality")).to_have_value(village)
    expect(page.locator("#origin")).to_have_value("Leilek rayon, Batken oblast")
    page.fill("#destination-locality", f"школа {name[-12:]}")
    page.keyboard.press("Enter")
    expect(page.locator("#destination-site")).to_have_text(f"Site: {name}, {village}, Leilek rayon")
    expect(page.locator("#destination")).to_have_value("Leilek rayon, Batken oblast")
    expect(page.locator("#shelter")).to_have_value("school")
    page.fill("#destination-locality", f"{name} спортзал")
    expect(page.locator("#destination-site")).to_be_empty()
    page.fill("#destination-locality", name)
    page.fill("#origin", "not known")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["site_id"], body["destination_locality"], body["destination"]) == (
        site["site_id"],
        name,
        {"pcode": LEILEK},
    )
    assert body["origin"] == {"country": "ZZ"}
    expect(page.locator("#answer-text")).to_contain_text("Accepted")
    page.click("#another")
    expect(page.locator("#destination-site")).to_be_empty()
    page.goto(f"{whole.url}/")
    row = page.locator("#panel-households .groups tbody tr", has_text=name)
    expect(row).to_contain_text(f"School, {village}, Leilek rayon")


def test_a_place_that_is_no_site_stays_as_typed(whole: Whole, seat: Any) -> None:
    """Typed text and a village from the list are sent without a site.

    A settlement of the gazetteer is sent with its code.
    """
    name, village = f"Мектеп {uuid4()}", f"Айыл {uuid4()}"
    saved(whole, name_ky=name, locality=village)
    page = begun(seat)
    page.fill("#destination-locality", name[:12])
    expect(page.locator("#destination-locality-list li", has_text=name)).to_be_visible()
    expect(page.locator("#destination-locality-list [aria-selected=true]")).to_have_count(0)
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["destination_locality"], body.get("site_id")) == (name[:12], None)
    page.click("#correct")
    page.fill("#destination-locality", village)
    page.keyboard.press("Enter")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["destination_locality"], body.get("site_id")) == (village, None)
    page.click("#correct")
    page.fill("#origin-locality", "чоко до")
    expect(page.locator("#origin-locality-list li")).to_have_text(["Choko-Dobo Maidan, Kadamjai rayon"])
    page.keyboard.press("Enter")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert (body["origin_locality"], body["origin_locality_pcode"]) == ("Choko-Dobo", DOBO)
    page.click("#correct")
    page.fill("#origin-locality", "kara")
    expect(page.locator("#origin-locality-list li")).to_have_count(8)
    page.keyboard.press("ArrowUp")
    marked = page.locator("#origin-locality-list li:last-child[aria-selected=true]")
    expect(marked).to_be_in_viewport(ratio=0.9)
    name = marked.evaluate("item => item.firstChild.textContent")
    page.keyboard.press("Tab")
    expect(page.locator("#origin-locality")).to_have_value(name)


def test_a_typed_place_never_changes_the_district_that_the_form_states(whole: Whole, seat: Any) -> None:
    """The village is in Leilek only.

    The operator only leaves the field or sends the form. The village is not chosen by that.
    """
    name, village = f"Мектеп {uuid4()}", f"Айыл {uuid4()}"
    saved(whole, name_ky=name, pcode=LEILEK, locality=village)
    page = begun(seat)
    page.fill("#origin-locality", village)
    expect(page.locator("#origin-locality-list li", has_text=village)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#origin")).to_have_value("Kadamjai rayon, Batken oblast")
    page.fill("#destination-locality", name)
    page.keyboard.press("Enter")
    expect(page.locator("#destination")).to_have_value("Leilek rayon, Batken oblast")
    page.fill("#destination", "kadamjai")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert body["origin"] == body["destination"] == {"pcode": KADAMJAI}
    assert (body["origin_locality"], body["destination_locality"], body.get("site_id")) == (village, name, None)
