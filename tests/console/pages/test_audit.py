"""The page that joins the security logs of all services, for auditors."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole

UNFILTERED = re.compile(r"/v1/audit\?limit=100$")


def refused_everywhere(whole: Whole) -> None:
    """A viewer asks each of two services for what it may not see."""
    token = whole.installation.token(roles=[Role.VIEWER])
    with httpx.Client(base_url=whole.url, headers={"authorization": f"Bearer {token}"}, trust_env=False) as viewer:
        for path in ("/registry/v1/households", "/alerts/v1/deliveries"):
            assert viewer.get(path).status_code == 403


def test_what_was_refused_in_any_service_stands_in_one_list(whole: Whole, seat: Any) -> None:
    refused_everywhere(whole)
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit")
    refused = page.locator("#audit tr.is-bad")
    expect(refused.filter(has_text="GET /registry/v1/households").first).to_contain_text("forbidden", timeout=SLOW_MS)
    expect(refused.filter(has_text="GET /alerts/v1/deliveries").first).to_contain_text("127.0.0.1")
    times = page.locator("#audit tr td:first-child").all_inner_texts()
    assert times == sorted(times, reverse=True)
    page.locator("select[name=action]").select_option("signed_in")
    rows, is_sign_in = page.locator("#audit tr"), page.locator("td:nth-child(5)", has_text="Sign-in")
    expect(rows.filter(has_not=is_sign_in)).to_have_count(0, timeout=SLOW_MS)
    expect(rows.first).to_be_visible()
    assert desk.errors == []


def test_an_answer_that_comes_after_another_filter_is_not_shown(whole: Whole, seat: Any) -> None:
    refused_everywhere(whole)
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit")
    held: list[Route] = []
    page.route(UNFILTERED, lambda route: held.append(route))  # noqa: PLW0108 - playwright takes no method of a list
    with page.expect_request(UNFILTERED):
        page.goto(f"{whole.url}/audit", wait_until="commit")
    page.locator("select[name=action]").select_option("signed_in")
    rows, is_sign_in = page.locator("#audit tr"), page.locator("td:nth-child(5)", has_text="Sign-in")
    expect(rows.filter(has=is_sign_in).first).to_be_visible(timeout=SLOW_MS)
    for route in held:
        with page.expect_response(route.request.url):
            route.continue_()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    expect(rows.filter(has_not=is_sign_in)).to_have_count(0)
    assert desk.errors == []


@pytest.mark.parametrize(("language", "title"), [("ky", "Коопсуздук журналы"), ("ru", "Журнал безопасности")])
def test_it_speaks_the_reader_s_language(whole: Whole, seat: Any, language: str, title: str) -> None:
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit")
    page.goto(f"{whole.url}/audit?lang={language}")
    expect(page.locator("#audit-title")).to_have_text(title, timeout=SLOW_MS)
    expect(page.locator("#audit tr").first).to_be_visible(timeout=SLOW_MS)
    assert desk.errors == []


@pytest.mark.parametrize("language", ["en", "ru", "ky"])
def test_the_way_to_it_is_seen_whole_beside_all_other_pages(whole: Whole, seat: Any, language: str) -> None:
    page = seat(Role.ADMINISTRATOR, Role.AUDITOR).open("/audit")
    page.goto(f"{whole.url}/audit?lang={language}")
    assert page.locator(".bar nav").evaluate("nav => nav.scrollWidth - nav.clientWidth") <= 0
