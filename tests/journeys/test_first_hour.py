"""On the evening of 5 May 2022, four groups were counted before anybody was registered by name.

The test sends the counts of that evening again. 20 families (70 people) from Choko-Dobo and 45 families (150 people)
from Komsomol are with relatives. 10 families (37 people) are in the mosque of Tobey. A caller reports 26 people in a
teahouse, but does not say where the teahouse is.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import SLOW_MS
from tests.console.conftest import PASSWORD, Served
from tests.intake.field import phones

pytestmark = pytest.mark.timeout(180)

KADAMJAI, BATKEN_OBLAST = "KG05258000000", "KG05000000000"


def opened_board(page: Page, centre: Served) -> Page:
    page.goto(f"{centre.url}/sign-in?next=/")
    page.fill("#name", centre.account(Role.OPERATOR))
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    page.wait_for_url(f"{centre.url}/")
    return page


def by_telephone(client: httpx.Client, persons: int, **known: Any) -> None:
    """Reports a count of a caller, as an operator does. The report contains only facts that the caller knows."""
    now = datetime.now(UTC).isoformat()
    body = {
        "kind": "group",
        "report_id": str(uuid4()),
        "group_id": str(uuid4()),
        "occurred_at": now,
        "reported_at": now,
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": KADAMJAI},
        "measure": "stock",
        "quantifier": "approximately",
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "persons": persons,
        **known,
    }
    answer = client.post("/intake/v1/displacements", json=body)
    assert answer.status_code == 202, answer.text


def by_phone(page: Page, persons: int, families: int, place: str) -> None:
    page.check("input[value=group]", force=True)
    for name in ("origin", "destination"):
        page.select_option(f"#{name}-oblast", BATKEN_OBLAST)
        page.select_option(f"#{name}-district", KADAMJAI)
    page.fill("#destination-locality", place)
    page.select_option("#shelter", "collective_centre")
    page.check("[name=is_full_recount]")
    page.fill("#persons", str(persons))
    page.fill("#households", str(families))
    page.click("#send")
    expect(page.locator("#reports .answer").first).to_have_text("Received by the centre", timeout=SLOW_MS)


def test_the_board_shows_everybody_by_where_they_are_and_there_is_one_alert(centre: Served, browser: Browser) -> None:
    phone = phones.opened(phones.new_phone(browser), centre)
    phones.signed_in(phone, centre.account(Role.FIELD))
    board = opened_board(browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en"), centre)
    expect(board.locator("#link")).to_have_attribute("data-state", "live", timeout=SLOW_MS)
    token = centre.installation.token(roles=[Role.FIELD], team=uuid4(), channel="console")
    operator = centre.client(headers={"authorization": f"Bearer {token}"})

    by_telephone(operator, 70, households=20, origin_locality="Чоко-Добо", shelter="host_family")
    by_telephone(operator, 150, households=45, origin_locality="Комсомол", shelter="host_family")
    by_phone(phone, 37, 10, "Тобей мечити")
    by_telephone(operator, 26, destination={"country": "ZZ"})

    groups = board.locator("#panel-households .groups")
    expect(groups.locator("h3")).to_contain_text("283 persons", timeout=SLOW_MS)
    expect(groups.locator("h3")).to_contain_text("75 families")
    rows = groups.locator("tbody tr")
    expect(rows.filter(has_text="Комсомол")).to_contain_text("220")
    expect(rows.filter(has_text="Чоко-Добо")).to_contain_text("220")
    expect(rows.filter(has_text="Тобей мечити")).to_contain_text("37")
    expect(rows.last).to_contain_text("Not stated")
    expect(rows.last).to_contain_text("26")
    expect(board.locator("#panel-households > header .count")).to_have_text("0")

    alerts = operator_alerts(centre)
    assert [alert["rule"] for alert in alerts] == ["displacement"]
    assert alerts[0]["figures"]["counted_persons"] == 283
    assert alerts[0]["pcodes"] == [KADAMJAI]

    by_phone(phone, 60, 16, "Тобей, мечити")  # the team counts everybody in the mosque again
    expect(groups.locator("h3")).to_contain_text("306 persons", timeout=SLOW_MS)
    expect(rows.filter(has_text="мечити")).to_contain_text("60")


def operator_alerts(centre: Served) -> list[dict[str, Any]]:
    """Waits until an alert counts all 283 people. Returns the open alerts."""
    token = centre.installation.token(roles=[Role.OPERATOR])
    client = centre.client(headers={"authorization": f"Bearer {token}"})

    def all_counted() -> bool:
        alerts = client.get("/alerts/v1/alerts?state=open").json()["alerts"]
        return any(alert["figures"].get("counted_persons") == 283 for alert in alerts)

    assert wait_until(all_counted, timeout=30)
    alerts: list[dict[str, Any]] = client.get("/alerts/v1/alerts?state=open").json()["alerts"]
    return alerts
