"""On the smallest phone, a person needs a minute for reports of six households.

In the full form, one household takes three minutes.
"""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.intake.field.phones import Centre, kept_reports, opened

HOUSEHOLDS = 6
# A practised person needs two to three seconds for a tap, a choice or a number. A practised person therefore needs a
# minute for 24 actions.
MOST_ACTIONS = 24
# Names take longer than numbers. In the full form, an action takes four to five seconds on average.
MOST_IN_FULL = 40


class Thumb:
    """A person who uses the form with one thumb. `actions` is the number of taps, choices and typed values."""

    def __init__(self, page: Page) -> None:
        self.page, self.actions = page, 0

    def tap(self, selector: str) -> None:
        self.actions += 1
        self.page.tap(selector)

    def choose(self, selector: str, value: str) -> None:
        self.actions += 1
        self.page.select_option(selector, value)

    def type(self, selector: str, value: str) -> None:
        """The thumb first taps the field.

        Without a tap on the field, two taps on one button would count as a double tap.
        """
        self.actions += 1
        self.page.tap(selector)
        self.page.fill(selector, value)


@pytest.fixture
def page(phone: BrowserContext, centre: Centre) -> Page:
    page = opened(phone, centre)
    page.set_viewport_size({"width": 320, "height": 640})
    return page


def choose_places(thumb: Thumb) -> None:
    for place, district in (("origin", "KG05258000000"), ("destination", "KG05236000000")):
        thumb.choose(f"#{place}-oblast", "KG05000000000")
        thumb.choose(f"#{place}-district", district)


def test_six_households_are_reported_in_the_actions_of_a_minute(page: Page, centre: Centre) -> None:
    page.tap("#short")
    thumb = Thumb(page)
    for number in range(HOUSEHOLDS):
        if number == 0:
            choose_places(thumb)
            thumb.choose("#shelter", "pasture_camp")
            thumb.tap("label:has([name=needs][value=water])")
        else:
            thumb.tap("#copy-last")
        thumb.type("#persons", str(number + 1))
        thumb.tap("#send")
        expect(page.locator("#reports li")).to_have_count(number + 1)
    bodies = [report["body"] for report in kept_reports(page, centre)]
    assert sorted(body["persons"] for body in bodies) == [1, 2, 3, 4, 5, 6]
    assert {body["destination"]["pcode"] for body in bodies} == {"KG05236000000"}
    assert all(body["needs"] == ["water"] and body["shelter"] == "pasture_camp" for body in bodies)
    assert thumb.actions <= MOST_ACTIONS


def test_a_household_of_four_with_names_is_reported_in_the_actions_of_three_minutes(page: Page, centre: Centre) -> None:
    thumb = Thumb(page)
    choose_places(thumb)
    thumb.choose("#hazard", "mudflow")
    thumb.tap("summary >> text=List the persons")
    thumb.type("#family-name", "Асанов")
    for given, sex, year in (
        ("Нурлан", "male", "1984"),
        ("Айгүл", "female", "1986"),
        ("Бакыт", "male", "2012"),
        ("Мээрим", "female", "2017"),
    ):
        thumb.tap("#add-member")
        member = "#members li:last-child"
        thumb.type(f"{member} [data-name=given_name]", given)
        thumb.choose(f"{member} [data-name=sex]", sex)
        thumb.type(f"{member} [data-born]", year)
    thumb.choose("#shelter", "pasture_camp")
    thumb.tap("label:has([name=needs][value=water])")
    thumb.type("#phone", "+996 555 010203")
    thumb.tap("label:has([name=consent])")
    thumb.tap("#send")
    expect(page.locator("#reports li")).to_have_count(1)
    [report] = kept_reports(page, centre)
    assert [member["family_name"] for member in report["body"]["members"]] == ["Асанов"] * 4
    assert (report["body"]["persons"], report["body"]["legal_basis"]) == (4, "consent")
    assert thumb.actions <= MOST_IN_FULL


def test_the_short_form_asks_for_sex_and_age_and_leaves_the_rest_for_later(page: Page) -> None:
    page.select_option("#mobility", "migration")
    page.tap("#short")
    # the choice of migration also set the precision, so the short form shows both
    for shown in ("#mobility", "#occurred-precision"):
        expect(page.locator(shown)).to_be_visible()
    expect(page.locator("#intention")).to_be_hidden()
    page.tap("#short")
    page.fill("#notes", "sleeps at Айгүл's")
    page.click("#another")
    page.tap("#short")
    for hidden in ("#notes", "#members", "#mobility", "#intention"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("[data-sex=female][data-age='0-5']")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.reload()
    expect(page.locator("#short")).to_be_checked()
    expect(page.locator("#draft-list li")).to_have_count(1)


def test_the_short_form_takes_the_name_and_telephone_of_one_person_without_a_list(page: Page, centre: Centre) -> None:
    page.tap("#short")
    choose_places(Thumb(page))
    page.fill("#persons", "6")
    page.fill("[data-sex=female][data-age='0-5']", "2")
    page.fill("#contact-name", "Асанов Нурлан")
    page.fill("#phone", "+996 555 010203")
    page.tap("#send")
    expect(page.locator("#reports li")).to_have_count(1)
    assert "Асанов" not in page.evaluate("JSON.stringify(localStorage)")
    [report] = kept_reports(page, centre)
    body = report["body"]
    assert (body["persons"], body["contact_name"], body["phone"]) == (6, "Асанов Нурлан", "+996 555 010203")
    assert "members" not in body
    page.tap("#copy-last")
    expect(page.locator("#contact-name")).to_have_value("")


def test_a_report_that_was_begun_is_shown_whole(page: Page) -> None:
    page.fill("#notes", "sleeps at Айгүл's")
    page.click("#another")
    page.tap("#short")
    page.click("#draft-list >> text=Continue")
    expect(page.locator("#notes")).to_have_value("sleeps at Айгүл's")
    expect(page.locator("#notes")).to_be_visible()
