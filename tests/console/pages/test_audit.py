"""Auditors read the security logs of all services on one page."""

import re
from typing import Any

import httpx
from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.browsers import wait_for_call
from tests.console.pages.conftest import Whole

OLDER = re.compile(r"/console/v1/audit\?.*before=201")
UNFILTERED = re.compile(r"/v1/audit\?limit=100$")


def refused_everywhere(whole: Whole) -> None:
    token = whole.installation.token(roles=[Role.VIEWER])
    headers = {"authorization": f"Bearer {token}"}
    with httpx.Client(base_url=whole.url, headers=headers, trust_env=False, timeout=30) as viewer:
        for path in ("/registry/v1/households", "/alerts/v1/deliveries"):
            assert viewer.get(path).status_code == 403


def test_refusals_of_all_services_are_in_one_list(whole: Whole, seat: Any) -> None:
    refused_everywhere(whole)
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit?lang=ru")
    refused = page.locator("#audit tr.is-bad")
    expect(refused.filter(has_text="GET /registry/v1/households").first).to_contain_text("forbidden")
    expect(refused.filter(has_text="GET /alerts/v1/deliveries").first).to_contain_text("127.0.0.1")
    shown = page.locator("#audit tr td:first-child").all_inner_texts()
    times = [f"{time[3:5]}.{time}" for time in shown]  # sort by the month first: "26.11, 21:47:03" begins with the day
    assert times == sorted(times, reverse=True)
    page.locator("select[name=action]").select_option("signed_in")
    rows, is_sign_in = page.locator("#audit tr"), page.locator("td:nth-child(5)", has_text="Вход")
    expect(rows.filter(has_not=is_sign_in)).to_have_count(0)
    expect(rows.first).to_be_visible()
    assert desk.errors == []


def test_a_late_answer_to_a_former_filter_is_not_shown(whole: Whole, seat: Any) -> None:
    refused_everywhere(whole)
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit")
    held: list[Route] = []
    page.route(UNFILTERED, lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    with page.expect_request(UNFILTERED):
        page.goto(f"{whole.url}/audit", wait_until="commit")
    page.locator("select[name=action]").select_option("signed_in")
    rows, is_sign_in = page.locator("#audit tr"), page.locator("td:nth-child(5)", has_text="Sign-in")
    expect(rows.filter(has=is_sign_in).first).to_be_visible()
    for route in held:
        with page.expect_response(route.request.url):
            route.continue_()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(rows.filter(has_not=is_sign_in)).to_have_count(0)
    assert desk.errors == []


def page_of(newest: int) -> dict[str, Any]:
    about = {"action": "read", "result": "done", "account": None, "address": None, "subject": None, "reason": None}
    at = "2026-06-15T06:00:00Z"
    entries = [
        {"id": number, "at": at, **about, "objects": [str(number)]} for number in range(newest, newest - 100, -1)
    ]
    return {"entries": entries, "next": newest - 99}


def test_older_entries_are_listed_once_however_often_they_are_requested(whole: Whole, seat: Any) -> None:
    desk = seat(Role.AUDITOR)
    page = desk.page
    held: list[Route] = []
    page.route("**/v1/audit?**", lambda route: route.fulfill(json={"entries": [], "next": None}))
    page.route("**/console/v1/audit?**", lambda route: route.fulfill(json=page_of(300)))
    desk.open("/audit")
    expect(page.locator("#audit tr")).to_have_count(100)
    page.route(OLDER, lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    page.evaluate("() => { for (const _ of [1, 2]) document.getElementById('older').click(); }")
    expect(page.locator("#older")).to_be_disabled()
    wait_for_call(page, held)
    for route in held:
        route.fulfill(json=page_of(200))
    expect(page.locator("#audit tr td:last-child").last).to_have_text("101")
    assert page.locator("#audit tr").count() == 200
    expect(page.locator("#older")).to_be_enabled()


def test_the_audit_page_is_in_the_readers_language_and_its_link_is_visible_beside_all_others(seat: Any) -> None:
    desk = seat(Role.ADMINISTRATOR, Role.AUDITOR)
    desk.sign_in()
    page = desk.page
    for language, title in (("ky", "Аудит"), ("ru", "Аудит"), ("en", "Audit")):
        page.goto(f"{desk.whole.url}/audit?lang={language}")
        expect(page.locator("#audit-title")).to_have_text(title)
        expect(page.locator(".bar nav a[aria-current=page]")).to_have_text(title)
        assert page.title().startswith(f"{title} · ")
        day = r"\d+ \w+, " if language == "en" else r"\d\d\.\d\d, "
        expect(page.locator("#audit td").first).to_have_text(re.compile(day))
        assert page.locator(".bar nav").evaluate("nav => nav.scrollWidth - nav.clientWidth") <= 0, language
    assert desk.errors == []
