"""The board lists counted groups below the registered households. The list changes while the page is open."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from shared import events
from shared.auth.tokens import Role
from shared.events import Place
from tests.console.factories import LEILEK, group
from tests.console.pages.conftest import Seat, Whole
from tests.console.pages.test_accessibility import findings
from tests.console.test_groups import EVENING

Take = Callable[..., Seat]


def test_groups_stand_below_the_households_and_change_on_an_open_board(whole: Whole, seat: Take) -> None:
    desk = seat(Role.OPERATOR)
    page = desk.open("/")
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    households = page.locator("#panel-households > header .count")
    before = households.inner_text()
    whole.publish(*EVENING, group(5))
    panel = page.locator("#panel-households .groups")
    expect(panel.locator("h3")).to_contain_text("Counted groups 288 persons, 75 families")
    assert households.inner_text() == before
    rows = panel.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("With relatives or a host family")
    expect(rows.nth(0)).to_contain_text("From: Комсомол (Kadamjai rayon) 150; Чоко-Добо (Kadamjai rayon) 70")
    expect(rows.nth(1)).to_contain_text("Тобей мечити, Collective centre, Leilek rayon")
    expect(rows.nth(3)).to_contain_text("Not stated")
    recount = group(310, to=LEILEK, destination_locality="Тобей мечити", shelter="collective_centre")
    mosque = EVENING[2]
    whole.publish(recount.model_copy(update={"stock_id": mosque.stock_id}))
    expect(panel.locator("h3")).to_contain_text("288–561 persons")
    replaced = {"superseded_by": recount.report_id, "sequence": 2}
    whole.publish(events.GroupStatusChanged.model_validate(mosque.model_dump() | replaced))
    expect(panel.locator("h3")).to_contain_text("561 persons, 65 families")
    assert desk.errors == []


def test_a_viewer_sees_districts_and_shelter_and_people_abroad_are_not_in_the_total(whole: Whole, seat: Take) -> None:
    desk = seat(Role.VIEWER)
    page = desk.open("/")
    whole.publish(*EVENING, group(4200, destination=Place(country="TJ"), households=1200))
    panel = page.locator("#panel-households .groups")
    header = panel.locator("h3")
    expect(header).to_contain_text("abroad, not added: 4,200 persons")
    assert "4," not in header.locator(".count").inner_text()
    expect(panel).to_contain_text("Collective centre, Leilek rayon")
    for locality in ("Тобей", "тобей", "чайкана", "Комсомол", "комсомол", "Чоко"):
        assert locality not in panel.inner_html()
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{whole.url}/?lang=ru")
    expect(header).to_contain_text("за рубежом, не прибавляются")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


LONG = {
    "shelter": "collective_centre",
    "destination_locality": "Кадамжай районундагы Ы. Абдрахманов атындагы орто мектептин спорт залы",
    "origin_locality": "Чоко-Добо",
}


def test_no_column_of_the_groups_is_cut_and_axe_finds_nothing_serious(whole: Whole, seat: Take) -> None:
    stock: dict[str, Any] = {"stock_id": uuid4(), "to": LEILEK, "persons_estimated": True, **LONG}
    whole.publish(group(1283, households=240, **stock), group(1310, households=251, **stock))
    whole.publish(group(60, households=14, household_unit="yards", shelter="host_family"))
    desk = seat(Role.OPERATOR)
    desk.sign_in()
    page = desk.page
    for language in ("en", "ru", "ky"):
        page.goto(f"{whole.url}/?lang={language}")
        expect(page.locator(".groups tbody tr", has_text="спорт залы")).to_be_visible()
        for width in (360, 1366, 1920):
            page.set_viewport_size({"width": width, "height": 1080 if width == 1920 else 768})
            cut = "tables => tables.map(each => each.scrollWidth - each.clientWidth)"
            assert max(page.locator(".groups .scroll").evaluate_all(cut)) <= 0, (language, width)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
    assert findings(page) == []
