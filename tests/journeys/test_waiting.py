"""A phone shows what became of its reports: accepted or refused by a registrar, or contradicting other reports."""

from datetime import UTC, datetime

from playwright.sync_api import Browser, Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import SEEN_PRESSES
from tests.console.conftest import PASSWORD, Served
from tests.installation import in_thread
from tests.intake.factories import group
from tests.intake.field import phones
from tests.journeys.count import drained

RECORDED, UNDER_REVIEW = "Recorded by the centre", "Under review: a person at the centre decides"
HELD = "held, persons: 3 in households, 0 in groups"  # the household of the second report is abroad
OSH_OBLAST = "KG06000000000"
REFUSED = "Refused by the centre: the place is wrong, correct it and send again"


def opened(browser: Browser, centre: Served, path: str, role: Role) -> Page:
    page = browser.new_page(viewport={"width": 1920, "height": 1080}, locale="en")
    page.add_init_script(SEEN_PRESSES)
    page.goto(f"{centre.url}/sign-in?next={path}")
    page.fill("#name", centre.account(role))
    page.fill("#password", PASSWORD)
    page.click("button.is-primary")
    page.wait_for_url(f"{centre.url}{path}")
    return page


def let_the_sign_in_end(page: Page, centre: Served, name: str) -> None:
    """Replaces the phone's token by an expired token. A phone's token expires after a year without use."""
    account = centre.known(name)
    claims = {"account": account.account_id, "team": account.team, "channel": "field"}
    token = centre.installation.token(roles=[Role.FIELD], expires_in=-86_400, **claims)
    kept = {"token": token, "name": name, "expires_at": "2025-01-01T00:00:00Z"}
    page.evaluate("account => localStorage.setItem('dayar.account', JSON.stringify(account))", kept)
    page.reload()


def shows(page: Page, *answers: str) -> None:
    """Waits until the phone's list shows these results. The newest report is first.

    The phone asks for receipts when its page becomes visible.
    """

    def are_shown() -> bool:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return phones.shown(page) == list(answers)

    assert wait_until(are_shown, timeout=60), phones.shown(page)


def test_one_report_is_accepted_one_is_refused_and_the_phone_shows_both(centre: Served, browser: Browser) -> None:
    phone = phones.opened(phones.new_phone(browser), centre)
    name = centre.account(Role.FIELD)
    phones.signed_in(phone, name)
    let_the_sign_in_end(phone, centre, name)
    for persons, destination in (("4", "RU"), ("3", "KG06000000000")):
        phones.filled(phone, persons=persons, destination=destination)
        expect(phone.locator("#reports .answer").first).to_have_text("Received by the centre")
    phones.signed_in(phone, name)
    shows(phone, UNDER_REVIEW, UNDER_REVIEW)

    board = opened(browser, centre, "/", Role.OPERATOR)
    expect(board.locator("#held-persons")).to_have_text(HELD)
    expect(board.locator("#panel-households > header .count")).to_have_text("0")

    desk = opened(browser, centre, "/waiting", Role.REGISTRAR)
    rows = desk.locator("#held tr")
    expect(rows).to_have_count(2)
    rows.filter(has_text="persons: 4").get_by_role("button", name="Open").click()
    expect(desk.locator("#held .opened")).to_contain_text("This viewing has been logged.")
    rows.filter(has_text="persons: 4").get_by_role("checkbox").check()
    desk.get_by_role("button", name="Accept", exact=True).click()
    expect(rows).to_have_count(1)
    rows.filter(has_text="persons: 3").get_by_role("checkbox").check()
    desk.get_by_role("button", name="Refuse").click()  # without a reason, the refusal has no effect
    expect(rows).to_have_count(1)
    desk.select_option("#refusal", "wrong_place")
    desk.get_by_role("button", name="Refuse").click()
    expect(desk.locator("#held-none")).to_be_visible()

    shows(phone, REFUSED, RECORDED)
    expect(board.locator("#panel-households > header .count")).to_have_text("0")  # the recorded household is abroad
    phone.locator("#reports li").first.get_by_role("button", name="Correct").click()
    phone.select_option("#destination-oblast", "KG06000000000")
    phone.click("#send")
    expect(phone.locator("#reports strong").first).to_contain_text("correction 1")
    shows(phone, RECORDED, RECORDED)
    expect(board.locator("#panel-households > header .count")).to_have_text("1")
    expect(board.locator("#held-persons")).to_be_hidden()
    assert not in_thread(drained(centre.installation)).unbalanced


def test_a_phone_shows_why_a_movement_waits_or_changes_nothing(centre: Served, browser: Browser) -> None:
    phone = phones.opened(phones.new_phone(browser), centre)
    phones.signed_in(phone, centre.account(Role.FIELD))
    phone.fill("#occurred", "2025-05-05")
    phones.filled(phone, persons="2", destination=OSH_OBLAST)
    shows(phone, RECORDED)

    moved(phone, "returned", "2025-05-04")
    early = "The date is before the day on which these people left. Check the date and correct the report."
    shows(phone, f"{UNDER_REVIEW}. {early}", RECORDED)
    moved(phone, "transferred", "2025-05-06", destination=OSH_OBLAST)
    there = "Nothing changed, because these people are at this place already."
    there = f"{RECORDED}. {there} If they are at another place, correct the report."
    shows(phone, there, f"{UNDER_REVIEW}. {early}", RECORDED)
    moved(phone, "died", "2025-05-07", persons="2")
    moved(phone, "confirmed_here", "2025-05-09")
    late = "The date is after the day on which these people were reported dead."
    late = f"{UNDER_REVIEW}. {late} Check the date and the people, and correct the report."
    shows(phone, late, RECORDED, there, f"{UNDER_REVIEW}. {early}", RECORDED)

    moved(phone, "returned", "2099-05-09")
    expect(phone.locator("#reports .errors").first).to_have_text(
        "Check this field: When it happened. The day must not be in the future."
    )


def test_a_phone_shows_that_an_alert_followed_when_another_team_reports_more_people(
    centre: Served, browser: Browser
) -> None:
    phone = phones.opened(phones.new_phone(browser), centre)
    phones.signed_in(phone, centre.account(Role.FIELD))
    phones.filled(phone, persons="2", destination=OSH_OBLAST)
    shows(phone, RECORDED)
    now = datetime.now(UTC).isoformat()
    crowd = group(occurred_at=now, reported_at=now, destination={"pcode": OSH_OBLAST})
    other = {"authorization": f"Bearer {centre.installation.token(roles=[Role.FIELD])}"}
    assert centre.client(headers=other).post("/intake/v1/displacements", json=crowd).status_code == 202
    shows(phone, f"{RECORDED}. An alert for this area followed")


def moved(phone: Page, movement: str, day: str, *, destination: str = "", persons: str = "") -> None:
    reports = phone.locator("#reports > li")
    before = reports.count()
    reports.last.get_by_role("button", name="What happened later").click()
    phone.select_option("#movement", movement)
    if destination:
        phone.select_option("#destination-oblast", destination)
    if persons:
        phone.fill("#persons", persons)
    phone.fill("#occurred", day)
    phones.sent(phone)
    if phone.locator("#odd").is_visible():
        phones.sent(phone)
    expect(reports).to_have_count(before + 1)
