"""Tests the search for a place on the map."""

from typing import Any

from playwright.sync_api import Browser, expect

from shared.auth.tokens import Role
from tests.console.pages.test_accessibility import findings
from tests.console.pages.test_map import draw_coarsely, drawing_browser, opened

__all__ = ("drawing_browser",)

AT_ARAL = "40.14, 71.87"


def test_a_search_finds_a_village_and_offers_its_point_for_a_new_event(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/map")
    search = page.get_by_role("combobox", name="Find a place")
    search.fill("уч ара")
    expect(page.locator("#map-place-list li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#chosen-title")).to_have_text("Uch-Aral")
    expect(page.locator("#chosen-facts").get_by_role("button", name="Kadamjai rayon")).to_be_visible()
    expect(page.locator("#event-here span")).to_have_text(AT_ARAL)
    assert findings(page) == []
    page.get_by_role("link", name="New event here").click()
    expect(page.locator("#place")).to_have_value("Kadamjai rayon, Batken oblast")
    expect(page.locator("#point")).to_have_value(AT_ARAL)


def test_a_search_finds_a_district_in_any_language(seat: Any) -> None:
    page = seat(Role.VIEWER).open("/map?lang=ky")
    search = page.locator("#map-place")
    search.fill("kadamj")
    page.locator("#map-place-list li").first.click()
    expect(page.locator("#chosen-title")).to_have_text("Кадамжай району")
    search.fill("no such place")
    expect(page.locator("#map-place-list")).to_be_hidden()
    expect(search).to_have_value("no such place")


def test_without_the_points_of_settlements_the_search_shows_the_district(seat: Any) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.route("**/console/v1/map/settlements*", lambda route: route.abort())
    page = desk.open("/map")
    page.locator("#map-place").fill("Uch-Aral")
    page.locator("#map-place-list li").first.click()
    expect(page.locator("#chosen-title")).to_have_text("Kadamjai rayon")


def test_a_village_without_a_point_is_shown_in_its_district(seat: Any) -> None:
    page = seat(Role.OPERATOR).open("/map")
    page.locator("#map-place").fill("Choko-Dobo")
    page.locator("#map-place-list li").first.click()
    expect(page.locator("#chosen-title")).to_have_text("Choko-Dobo")
    expect(page.locator("#chosen-facts").get_by_role("button", name="Kadamjai rayon")).to_be_visible()
    expect(page.locator("#event-here span")).to_have_text("")


def test_the_map_moves_to_a_found_village(seat: Any, drawing_browser: Browser) -> None:
    desk = seat(Role.OPERATOR, browser=drawing_browser)
    draw_coarsely(desk.page)
    page = opened(desk)
    page.locator("#map-place").fill("Uch-Aral")
    page.locator("#map-place-list li").first.click()
    expect(page.locator("#event-at-centre span")).to_have_text(AT_ARAL)
    assert desk.errors == []
