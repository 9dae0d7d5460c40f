"""On the evening of 5 May 2022, four groups were counted. Nobody was registered by name before the four counts.

The test reports the four counts. The desk enters some counts, as if callers reported them. A field team enters the
others on a phone. Relatives took in 20 families (70 people) from Choko-Dobo, and 45 families (150 people) from
Komsomol. The mosque of Tobey has 10 families (37 people). A teahouse has 26 people, as a caller reports. The caller
states neither the teahouse's place nor the people's origin.
"""

from typing import Any

from playwright.sync_api import Browser, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import SEEN_PRESSES, wait_for_script
from tests.console.conftest import PASSWORD, Served
from tests.console.pages.typists import Typist
from tests.intake.field import phones

KADAMJAI, LEILEK, BATKEN_OBLAST = "KG05258000000", "KG05236000000", "KG05000000000"
OF_KNOWN_ORIGIN = 70 + 150 + 37


def opened_board(page: Page, centre: Served) -> Page:
    page.goto(f"{centre.url}/sign-in?next=/")
    page.fill("#name", centre.account(Role.OPERATOR))
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    page.wait_for_url(f"{centre.url}/")
    return page


def opened_desk(page: Page, centre: Served) -> Page:
    page.goto(f"{centre.url}/new-count")
    wait_for_script(page, "!document.getElementById('send').disabled")
    return page


def by_telephone(desk: Page, persons: int, families: str, *, origin: tuple[str, str], here: tuple[str, str]) -> None:
    """Types a caller's count by keyboard.

    `origin` is a district and a village. `here` is a district and a shelter kind. Each district may be "Not known".
    """
    district, shelter = here
    Typist(desk).fill_in(str(persons), families, "", "", "", *origin, district, "", shelter)
    desk.keyboard.press("Control+Enter")
    expect(desk.locator("#answer-text")).to_contain_text(f"Accepted: persons: {persons} ")
    desk.locator("#another").press("Enter")


def by_phone(page: Page, persons: int, families: int, place: str) -> None:
    page.check("input[value=group]", force=True)
    for name, district in (("origin", KADAMJAI), ("destination", LEILEK)):
        page.select_option(f"#{name}-oblast", BATKEN_OBLAST)
        page.select_option(f"#{name}-district", district)
    page.fill("#destination-locality", place)
    page.select_option("#shelter", "mosque")
    page.check("[name=is_full_recount]")
    page.fill("#persons", str(persons))
    page.fill("#households", str(families))
    page.click("#send")
    expect(page.locator("#reports .answer").first).to_have_text("Received by the centre")


def test_the_board_shows_everybody_by_where_they_are_and_there_is_one_alert(centre: Served, browser: Browser) -> None:
    phone = phones.opened(phones.new_phone(browser), centre)
    phones.signed_in(phone, centre.account(Role.FIELD))
    room = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="en")
    room.add_init_script(SEEN_PRESSES)
    board = opened_board(room.new_page(), centre)
    expect(board.locator("#link")).to_have_attribute("data-state", "live")
    desk = opened_desk(room.new_page(), centre)

    with_relatives, in_a_teahouse = ("leilek", "With relatives"), ("not known", "Teahouse")
    by_telephone(desk, 70, "20", origin=("kadamjai", "Чоко-Добо"), here=with_relatives)
    by_telephone(desk, 150, "45", origin=("kadamjai", "Комсомол"), here=with_relatives)
    by_phone(phone, 37, 10, "Тобей мечити")
    by_telephone(desk, 26, "", origin=("not known", ""), here=in_a_teahouse)

    groups = board.locator("#panel-households .groups")
    expect(groups.locator("h3")).to_contain_text("283 persons")
    expect(groups.locator("h3")).to_contain_text("75 families")
    rows = groups.locator("tbody tr")
    expect(rows.locator("th")).to_have_text(
        [
            "With relatives, Leilek rayon From: Комсомол (Kadamjai rayon) 150; Чоко-Добо (Kadamjai rayon) 70",
            "Тобей мечити, Mosque, Leilek rayon From: Kadamjai rayon 37",
            "Teahouse, district not stated From: Not stated 26",
        ]
    )
    expect(rows.locator("td .strong")).to_have_text(["220", "37", "26"])
    expect(board.locator("#panel-households > header .count")).to_have_text("0")

    alerts = operator_alerts(centre)
    assert [alert["rule"] for alert in alerts] == ["displacement"]
    assert alerts[0]["figures"]["counted_persons"] == OF_KNOWN_ORIGIN
    # the alert names the district of origin, not Leilek, where the people now are
    assert alerts[0]["pcodes"] == [KADAMJAI]

    by_phone(phone, 60, 16, "Тобей, мечити")  # the team counts everybody in the mosque a second time
    expect(groups.locator("h3")).to_contain_text("306 persons")
    expect(rows.filter(has_text="мечити")).to_contain_text("60")


def operator_alerts(centre: Served) -> list[dict[str, Any]]:
    """Waits until an alert counts all people of known origin. Returns the open alerts."""
    token = centre.installation.token(roles=[Role.OPERATOR])
    client = centre.client(headers={"authorization": f"Bearer {token}"})

    def all_counted() -> bool:
        alerts = client.get("/alerts/v1/alerts?state=open").json()["alerts"]
        return any(alert["figures"].get("counted_persons") == OF_KNOWN_ORIGIN for alert in alerts)

    assert wait_until(all_counted, timeout=60)
    alerts: list[dict[str, Any]] = client.get("/alerts/v1/alerts?state=open").json()["alerts"]
    return alerts
