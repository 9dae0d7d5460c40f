"""The page that joins the security logs of all services, for auditors."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from shared.auth import Role
from tests.browsers import SLOW_MS
from tests.console.pages.conftest import Whole


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
    expect(page.locator("#audit tr").first).to_contain_text("Sign-in", timeout=SLOW_MS)
    expect(refused).to_have_count(0)
    assert desk.errors == []


@pytest.mark.parametrize(("language", "title"), [("ky", "Коопсуздук журналы"), ("ru", "Журнал безопасности")])
def test_it_speaks_the_reader_s_language(whole: Whole, seat: Any, language: str, title: str) -> None:
    desk = seat(Role.AUDITOR)
    page = desk.open("/audit")
    page.goto(f"{whole.url}/audit?lang={language}")
    expect(page.locator("#audit-title")).to_have_text(title, timeout=SLOW_MS)
    expect(page.locator("#audit tr").first).to_be_visible(timeout=SLOW_MS)
    assert desk.errors == []
