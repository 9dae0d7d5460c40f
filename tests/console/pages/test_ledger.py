"""The ledger page shows the reports that arrived, their outcomes, and whether the counts balance."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole

REFRESHED_MS = 5000


def test_the_ledger_balances_and_opens_to_its_partitions(whole: Whole, seat: Any) -> None:
    whole.report_hazard(type="frost", severity="Minor")
    desk = seat(Role.OPERATOR)
    page = desk.open("/ledger")
    expect(page.locator("#verdict")).to_have_attribute("data-state", "good")
    page.get_by_role("button", name="▸ alerts ← hazards", exact=True).click()
    expect(page.locator("tr.part")).to_have_count(whole.installation.partitions)
    assert desk.errors == []


def test_the_number_of_alerted_records_leads_to_the_alerts(seat: Any) -> None:
    def alerted(route: Route) -> None:
        ledger = route.fetch().json()
        ledger["partitions"][0]["kinds"] = {"alerted": 3}
        route.fulfill(json=ledger)

    desk = seat(Role.ADMINISTRATOR)
    desk.page.route("**/alerts/v1/ledger", alerted)
    page = desk.open("/ledger")
    page.locator("#consumers").get_by_role("link", name="alerted").first.click()
    page.wait_for_url("**/search?kind=alerts")
    expect(page.locator("#found")).to_be_visible()
    assert desk.errors == []


def an_uneven_admission(ledger: dict[str, Any]) -> None:
    ledger["admission"]["sent"] += 1


def a_damaged_spool(ledger: dict[str, Any]) -> None:
    ledger["spool"]["damaged"] = 1


def an_old_unread_record(ledger: dict[str, Any]) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=2)).isoformat()
    ledger["partitions"][0] |= {
        "kinds": {},
        "first": 0,
        "next": 0,
        "end": 1,
        "advanced_at": None,
        "unread_since": since,
    }


def a_young_unread_record(ledger: dict[str, Any]) -> None:
    quiet, now = (datetime.now(UTC) - timedelta(hours=1)).isoformat(), datetime.now(UTC).isoformat()
    first = ledger["partitions"][0]
    ledger["partitions"][0] |= {"end": first["next"] + 1, "advanced_at": quiet, "unread_since": now}


def a_broker_away(ledger: dict[str, Any]) -> None:
    for partition in ledger["partitions"]:
        partition["end"] = None


@pytest.mark.parametrize(
    ("service", "change", "state"),
    [
        ("intake", an_uneven_admission, "bad"),
        ("intake", a_damaged_spool, "bad"),
        ("registry", an_old_unread_record, "bad"),
        ("registry", a_young_unread_record, "good"),
        ("alerts", a_broker_away, "unknown"),
    ],
)
def test_the_ledgers_verdict_covers_all_its_rows(
    seat: Any, service: str, change: Callable[[dict[str, Any]], None], state: str
) -> None:
    def changed(route: Route) -> None:
        ledger = route.fetch().json()
        change(ledger)
        route.fulfill(json=ledger)

    desk = seat(Role.OPERATOR)
    desk.page.route(f"**/{service}/v1/ledger", changed)
    expect(desk.open("/ledger").locator("#verdict")).to_have_attribute("data-state", state)


def test_the_ledger_keeps_the_focus_when_it_refreshes_and_leads_a_signed_out_reader_to_the_sign_in(
    whole: Whole, seat: Any
) -> None:
    desk = seat(Role.OPERATOR)
    desk.page.clock.install()
    page = desk.open("/ledger")
    button = page.get_by_role("button", name="registry ← displacements")
    button.press("Enter")
    for _ in range(2):
        with page.expect_event("requestfinished", lambda request: request.url.endswith("/console/v1/ledger")):
            page.clock.fast_forward(REFRESHED_MS)
    expect(button).to_be_focused()
    expect(page.locator("tr.part")).to_have_count(whole.installation.partitions)
    expect(page.locator("#link")).to_have_attribute("data-state", "live")
    desk.context.clear_cookies()
    page.clock.fast_forward(REFRESHED_MS)
    expect(page.locator("#link a")).to_have_attribute("href", "/sign-in?next=/ledger")
