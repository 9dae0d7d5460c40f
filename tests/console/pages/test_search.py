"""A registrar finds a household by keyboard. The household's page is read in three languages."""

import re
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.registry.factories import family, household, movement

A4_PORTRAIT = 718  # the printable width in pixels: paper with margins of one centimetre


def reported(whole: Whole, *bodies: dict[str, Any]) -> None:
    token = whole.installation.token(roles=[Role.REGISTRAR])
    client = whole.client(headers={"authorization": f"Bearer {token}"})
    for body in bodies:
        path = "movements" if body["kind"] == "household_movement" else "displacements"
        answer = client.post(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 202, answer.text
        history = f"/registry/v1/households/{body['household_id']}/history"

        def is_recorded(report_id: str = body["report_id"], history: str = history) -> bool:
            versions = client.get(history).json().get("versions", ())
            return any(version["report_id"] == report_id for version in versions)

        assert wait_until(is_recorded, timeout=60)


def usenov(**changed: Any) -> dict[str, Any]:
    members = [
        {**member, "given_name": given_name, "family_name": "Усөнов"}
        for member, given_name in zip(family(2), ("Бакыт", "Жаңыл"), strict=True)
    ]
    return household(members=members, persons=2, **{"phone": "+996 772 909090", **changed})


def test_a_household_is_found_by_name_and_its_page_is_opened_by_keyboard(whole: Whole, seat: Any) -> None:
    body = usenov(short_code="7K3M9QXA7")
    reported(whole, body)
    desk = seat(Role.REGISTRAR)
    page: Page = desk.open("/registry/search?lang=en")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("...")
    page.keyboard.press("Enter")
    expect(page.locator("#name-problem")).to_have_text(
        "Not accepted: check this field. Letters or digits are expected."
    )
    desk.errors.clear()  # the browser has logged the refused request as an error
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("/")
    page.keyboard.type("usonov janyl")
    page.keyboard.press("Enter")
    link = page.locator("#results tbody a").first
    expect(link).to_have_text("Усөнов Жаңыл")
    assert page.url.endswith("/registry/search?lang=en")
    expect(page.locator("#result-status")).to_contain_text("Found households: ")
    page.keyboard.press("ArrowDown")
    expect(link).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{whole.url}/registry/households/{body['household_id']}")
    main = page.locator("main")
    expect(main).to_contain_text("Household of Усөнов Бакыт")
    expect(main).to_contain_text("+996 772 909090")
    expect(main).to_contain_text("7K3-M9Q-XA7")
    expect(page.locator(".timeline > li")).to_have_count(1)
    expect(page.locator(".timeline > li")).to_contain_text("Counted as displaced: 2 persons")
    number = page.locator(".record-id")
    assert number.evaluate("number => number.clientWidth < number.scrollWidth / 3")  # shows a part of the id
    number.click()
    assert page.evaluate("getSelection().toString()") == body["household_id"]
    page.goto(f"{whole.url}/registry/search")
    page.get_by_label("Short code").fill("7k3 m9q xa7")
    page.keyboard.press("Enter")
    expect(page.locator("#results tbody a")).to_have_attribute("href", f"/registry/households/{body['household_id']}")
    assert desk.errors == []


def test_a_household_is_shown_whole_on_screen_and_on_paper(whole: Whole, seat: Any) -> None:
    body = usenov()
    body["members"][0] |= {"personal_number": "21234567890123", "phone": "+996 700 000001"}
    domains = ("seeing", "hearing", "walking", "memory", "self_care", "communicating")
    body["members"][0]["functioning"] = dict.fromkeys(domains, "a_lot_of_difficulty")
    again = usenov(phone=body["phone"])
    back = movement(body, "returned", member_ids=[body["members"][1]["member_id"]])
    corrected = {**body, "version": 2, "needs": ["food"]}
    reported(whole, body, again, corrected, back)
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    page: Page = desk.page
    for language in ("ky", "ru", "en"):
        page.goto(f"{whole.url}/registry/households/{body['household_id']}?lang={language}")
        expect(page.locator(".duplicates tbody tr").first).to_be_visible()
        for width in (1920, 1366, 360):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (language, width)
        if language == "ky":
            page.click("#short-code button")
            expect(page.locator("#short-code")).to_have_text(re.compile(r"^\w{3}-\w{3}-\w{3}$"))
            expect(page.locator("#short-code")).to_be_focused()
        code = page.locator("dd", has_text=re.compile(r"^\w{3}-\w{3}-\w{3}$"))
        expect(code).to_be_visible()
        page.emulate_media(media="print")
        expect(code).to_be_visible()
        page.set_viewport_size({"width": A4_PORTRAIT, "height": 900})
        right = "cells => Math.max(...cells.map(cell => cell.getBoundingClientRect().right))"
        assert page.locator("main th, main td").evaluate_all(right) <= A4_PORTRAIT, language
        expect(page.locator("#print")).to_be_hidden()
        page.emulate_media(media="screen")
    assert desk.errors == []


def test_people_of_the_last_search_do_not_stay_on_the_screen(whole: Whole, seat: Any) -> None:
    """Results with people disappear after two events: the form is cleared, or another search fails."""
    reported(whole, usenov())
    page: Page = seat(Role.REGISTRAR).open("/registry/search?lang=en")
    rows = page.locator("#results tbody tr")
    for leave in ("Clear", "Search"):
        page.get_by_label("Name", exact=True).fill("Усөнов Бакыт")
        page.keyboard.press("Enter")
        expect(rows.first).to_be_visible()
        page.get_by_label("Name", exact=True).fill("---")
        page.get_by_role("button", name=leave).click()
        expect(rows).to_have_count(0)
    expect(page.locator("#failure")).to_be_visible()
    searches = list[str]()
    page.on("request", lambda request: searches.append(request.url))
    page.goto(f"{page.url}&hazard={uuid4()}")
    expect(page.locator("#result-status")).not_to_be_empty()
    page.reload()
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.locator("#result-status")).not_to_be_empty()
    # a page opened by a link searches at once; after a reload, it does not search
    assert searches.count(f"{whole.url}/registry/search") == 2


def test_a_month_is_no_day_on_which_people_were_displaced(whole: Whole, seat: Any) -> None:
    page: Page = seat(Role.REGISTRAR).open("/registry/search?lang=en")
    since = page.get_by_label("Displaced on or after")
    since.fill("06.2026")
    assert not since.evaluate("field => field.checkValidity()")
    since.fill("30.06.2026")
    assert since.evaluate("field => field.checkValidity()")


def test_an_operator_without_a_purpose_is_told_what_to_do(whole: Whole, seat: Any) -> None:
    page: Page = seat(Role.OPERATOR).open("/registry/search?lang=en")
    page.get_by_label("Telephone").fill("0772909090")
    page.keyboard.press("Enter")
    expect(page.locator("#failure")).to_contain_text("State first what records are opened for")
