"""Tests the held reports on the page "Waiting". A person can decide about several reports at once."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.factories import LEILEK
from tests.console.pages.conftest import Whole
from tests.console.pages.test_clicks import A_SECOND_PASSES, STOPPED, middle
from tests.console.pages.waiting import AT_BASHY, send_early_movement, send_with_ended_sign_in
from tests.intake.factories import group, household, movement

MINUTE_MS = 60_000
CLICK = "element => element.click()"  # a click that leaves the pointer where it is

pytestmark = pytest.mark.usefixtures("no_held_reports")


def test_reports_of_one_reason_are_assigned_and_accepted_together(whole: Whole, seat: Any) -> None:
    send_with_ended_sign_in(whole, household(), household())
    desk = seat(Role.REGISTRAR)
    desk.page.clock.install()
    page = desk.open("/waiting?lang=en")
    rows = page.locator("#held tr")
    expect(rows).to_have_count(2)
    send_with_ended_sign_in(whole, household(version=2))
    page.clock.fast_forward(MINUTE_MS)
    expect(rows).to_have_count(3)
    page.locator("#reasons").get_by_text("sign-in had expired").click()
    expect(rows).to_have_count(3)
    page.locator("#select-all").check()
    page.locator("#assign").click()
    expect(rows.filter(has_text=desk.name)).to_have_count(3)
    page.locator("#select-all").check()
    page.get_by_role("button", name="Accept", exact=True).click()
    expect(page.locator("#held-none")).to_be_visible()
    expect(page.locator(".clock-day")).to_contain_text("day ")  # Saturday 28 November
    assert desk.errors == []


def test_a_report_opened_on_a_small_screen_shows_its_persons(whole: Whole, seat: Any) -> None:
    send_with_ended_sign_in(whole, household())
    desk = seat(Role.REGISTRAR, width=390, height=844)
    page = desk.open("/waiting?lang=en")
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#held .opened")).to_contain_text("Айгүл")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Close").click()
    expect(page.locator("#held .opened")).to_have_count(0)
    page.locator("#held").get_by_role("checkbox").check()
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator("#acts .problem")).to_have_text("Choose the reason that the author reads.")
    expect(page.locator("#refusal")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.select_option("#refusal", "practice")
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator("#held-none")).to_be_visible()
    expect(page.locator("#refusal")).to_have_value("")  # the reason of this refusal must not apply to the next report
    assert desk.errors == []


def test_select_all_leaves_out_reports_that_wait_for_another_report(whole: Whole, seat: Any) -> None:
    send_early_movement(whole)
    send_with_ended_sign_in(whole, household())
    desk = seat(Role.REGISTRAR)
    page = desk.open("/waiting?lang=en")
    early = page.locator("#held tr", has_text="It waits for another report").first
    expect(early).to_be_visible()
    page.locator("#select-all").check()
    expect(early.get_by_role("checkbox")).not_to_be_checked()
    expect(
        page.locator("#held tr", has_text="You may accept or refuse it").first.get_by_role("checkbox")
    ).to_be_checked()
    assert desk.errors == []


def test_an_opened_report_shows_what_a_decision_would_change(whole: Whole, seat: Any) -> None:
    """The page states the effects of a decision: it reverses a death, or a full recount replaces other counts.

    Each field has a name and a value.
    """
    member = str(uuid4())
    died = movement(movement="died", version=2, is_reversed=True, member_ids=[member])
    send_with_ended_sign_in(whole, died, path="/intake/v1/movements")
    send_with_ended_sign_in(whole, group(is_full_recount=True, persons_estimated=True))
    desk = seat(Role.REGISTRAR)
    page = desk.open("/waiting?lang=en")
    wanted = {"Died": ("Reversed", "Yes", member), "Full recount": ("it replaces earlier counts", "estimated")}
    for row, texts in wanted.items():
        shown = page.locator("#held tr:not(.opened)", has_text=row)
        shown.get_by_role("button", name="Open").click()
        for shown_text in texts:
            expect(page.locator("#held .opened")).to_contain_text(shown_text)
        shown.get_by_role("button", name="Close").click()
    assert desk.errors == []


def test_persons_in_held_reports_are_shown_on_the_board_and_raise_an_alert(whole: Whole, seat: Any) -> None:
    now = datetime.now(UTC).isoformat()
    there = {"origin": {"pcode": AT_BASHY}, "destination": {"pcode": LEILEK}, "occurred_at": now, "reported_at": now}
    send_with_ended_sign_in(whole, group(persons=214, **there))
    page = seat(Role.OPERATOR).open("/?lang=en")
    expect(page.locator("#held-persons")).to_contain_text("214 in groups")
    alert = page.locator(".alert", has=page.locator(".alert-held", has_text="held: 214"))
    expect(alert).to_contain_text("At-Bashy rayon")


def test_a_decision_leaves_an_opened_report_open_and_the_keyboard_where_it_was(whole: Whole, seat: Any) -> None:
    send_early_movement(whole)  # held for another reason: the household of the movement is unknown
    author = send_with_ended_sign_in(whole, household(), household(version=2))
    desk = seat(Role.REGISTRAR)
    page = desk.open("/waiting?lang=en")
    own = page.locator("#held tr[data-key]", has_text=author)
    expect(own).to_have_count(2)
    page.locator("#reasons input").first.focus()
    page.keyboard.press("ArrowRight")  # the next reason is chosen; the page loads the list anew
    expect(page.locator("#reasons input:checked")).to_be_focused()
    expect(page.locator("#reasons input:checked")).not_to_have_value("")
    page.locator("#reasons").get_by_text("All reasons").click()
    expect(own).to_have_count(2)
    waiting: list[Any] = []

    def hold(route: Any) -> None:
        waiting.append(route)

    page.route("**/registry/v1/held/*", hold)
    with page.expect_request("**/registry/v1/held/*"):
        # two clicks before the first answer
        own.nth(0).get_by_role("button", name="Open").evaluate("button => { button.click(); button.click(); }")
    own.nth(0).evaluate("row => { row.dataset.former = ''; }")
    page.locator("#reasons input:checked").evaluate("chosen => chosen.dispatchEvent(new Event('change'))")
    expect(page.locator("#held tr[data-former]")).to_have_count(0)  # the list was drawn anew
    expect(own).to_have_count(2)
    [only] = waiting
    only.continue_()
    expect(page.locator("#held .opened")).to_have_count(1)
    page.unroute_all()
    chosen, refuse = own.nth(1).get_by_role("checkbox"), page.get_by_role("button", name="Refuse")
    chosen.check()
    opened: list[str] = []
    page.on("request", lambda sent: opened.append(sent.url) if "/v1/held/" in sent.url else None)
    page.select_option("#refusal", "practice")
    place = middle(refuse)
    chosen.evaluate(CLICK)
    expect(refuse).to_be_hidden()
    page.mouse.move(*place)
    page.evaluate(STOPPED)
    chosen.evaluate(CLICK)
    page.mouse.click(*place)  # the button has just come under the pointer
    expect(page.locator("#toasts")).to_contain_text("this button has only just appeared here")
    page.evaluate(A_SECOND_PASSES)
    page.mouse.click(*place)
    expect(own).to_have_count(1)
    expect(page.locator("#held .opened")).to_contain_text("Айгүл")
    expect(own.get_by_role("button", name="Close")).to_be_visible()
    assert opened == []
    assert desk.errors == []


def test_an_opened_report_is_accepted_under_the_household_that_is_registered_already(whole: Whole, seat: Any) -> None:
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    first, second = (household(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}) for _ in range(2))
    for body in (first, second):
        body["members"][0]["personal_number"] = "1" + str(uuid4().int)[:13]
    second["members"][0] |= {"personal_number": first["members"][0]["personal_number"]}
    assert author.post("/intake/v1/displacements", json=first).status_code == 202
    desk = seat(Role.REGISTRAR)
    path = f"/registry/v1/households/{first['household_id']}"

    def reports() -> int:
        history = desk.context.request.get(f"{whole.url}{path}/history")
        return len(history.json()["versions"]) if history.ok else 0

    desk.sign_in()
    assert wait_until(lambda: reports() == 1, timeout=60, every=0.2)
    sender = send_with_ended_sign_in(whole, second)
    page = desk.open("/waiting?lang=en")
    held = page.locator("#held tr[data-key]", has_text=sender)
    held.get_by_role("button", name="Open").click()
    adoption = page.locator("#held .adoption")
    known = adoption.locator("label", has=page.locator(f'a[href="/registry/households/{first["household_id"]}"]'))
    expect(known).to_contain_text("personal number")
    known.get_by_role("radio").check()
    other = adoption.locator("[name=household]")
    other.fill("үчүнчү үй")
    other.press("Enter")
    expect(adoption.locator(".problem")).to_have_text("Choose the household, or enter the address of its page.")
    expect(other).to_have_value("үчүнчү үй")
    other.fill("")
    adoption.get_by_role("button", name="Accept under this household").click()
    expect(held).to_have_count(0)
    assert wait_until(lambda: reports() == 2, timeout=60, every=0.2)
    assert desk.errors == []
