"""An operator enters a caller's household on the page "New household", and its return on the page "New movement"."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from playwright.sync_api import Page, expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.browsers import wait_for_script
from tests.console.factories import KADAMJAI
from tests.console.pages.conftest import Whole
from tests.console.pages.test_new_count import leaving_asks
from tests.console.pages.test_search import reported, usenov
from tests.console.pages.test_sites import headers
from tests.console.pages.typists import KEYS_OF_A_MINUTE, Typist
from tests.console.pages.waiting import known_hazard
from tests.intake.factories import group

CHATKAL = "KG03230000000"  # only this test reports people from Chatkal


def opened(seat: Any, role: Role, **size: int) -> Page:
    page: Page = seat(role, **size).open("/new-household")
    wait_for_script(page, "!document.getElementById('send').disabled")
    return page


def history(whole: Whole, household_id: str) -> list[Any]:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.REGISTRAR])}"}
    versions: list[Any] = (
        whole.client(headers=bearer).get(f"/registry/v1/households/{household_id}/history").json()["versions"]
    )
    return versions


def held_by_another(whole: Whole, path: str, body: Any) -> None:
    """Sends the report from an account that may not correct the household, and waits until the registry holds it."""
    other = {"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD], account=uuid4())}"}
    answer = whole.client(headers=other).post(f"/intake/v1/{path}", json=body)
    assert answer.status_code == 202, answer.text
    assert wait_until(lambda: history(whole, body["household_id"])[-1]["outcome"] == "held", timeout=60)


def typed_household(page: Page, phone: str, village: str) -> dict[str, Any]:
    typist = Typist(page)
    typist.fill_in("", phone, "кадамж", village, "", "", "School", "", "mud", "", *("" for _ in range(10)))
    typist.press("Tab")
    typist.press("Space")
    typist.tab_to("#list > summary")
    typist.press("Enter")
    typist.press("Tab")
    typist.fill_in("Усөнов", "Бакыт", "M", "45", "Жаңыл", "W", "1984")
    with page.expect_request("**/intake/v1/displacements") as sent:
        typist.press("Control+Enter")
    assert typist.keys <= KEYS_OF_A_MINUTE
    body: dict[str, Any] = sent.value.post_data_json or {}
    return body


def typed_in_full(page: Page, phone: str, village: str) -> None:
    typist = Typist(page)
    for hidden in ("#mobility", "#occurred_at_precision", "#intention"):
        expect(page.locator(hidden)).to_be_hidden()
    typist.press("Shift+Tab")
    typist.press("Space")
    typist.press("Tab")
    typist.fill_in("", phone, "кадамж", village, "", "", "School", "", "")
    typist.fill_in("mud", "", "Natural", "Work", "", *("" for _ in range(10)))
    typist.press("Tab")
    typist.press("Space")
    page.locator("#intention").focus()
    typist.type("To return")
    page.locator("#list > summary").press("Enter")
    typist.press("Tab")
    typist.fill_in("Усөнов", "Бакыт", "M", "45", "", "2123456789012")
    typist.press("Enter")
    typist.press("Tab")
    typist.fill_in("Some", "", "A lot", "", "", "", "Жаңыл", "W", "14.03.1984", "Wife", "")
    typist.press("Control+Enter")
    expect(page.locator("#failure")).to_have_text("A personal number has 14 digits.")
    typist.press("End")
    typist.type("3")


def test_a_household_and_its_return_are_entered_by_keyboard_alone(whole: Whole, seat: Any) -> None:
    """The household is already registered, and the form points to its record.

    The operator reverses the return, and the form then shows the recorded return. The form never shows the held
    correction of another account.
    """
    phone, village = f"+996 7{random.randrange(10**8):08}", f"Чоко-Добо {uuid4().hex[:6]}"
    reported(whole, usenov(phone=phone))
    page = opened(seat, Role.REGISTRAR)
    body = typed_household(page, phone, village)
    head, spouse = body["members"]
    assert (head["relationship"], head["sex"], head["age"], spouse["birth_year"]) == ("head", "male", 45, 1984)
    assert (body["origin"], body["destination"]) == ({"pcode": KADAMJAI}, {"pcode": KADAMJAI})
    assert (body["origin_locality"], body["needs"], body["shelter"]) == (village, ["food"], "school")
    place = f"{village}, Kadamjai rayon, Batken oblast → Kadamjai rayon, Batken oblast"
    expect(page.locator("#answer-text")).to_have_text(f"Accepted: persons: 2 · {place}.")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    expect(page.locator("#answer-duplicates")).to_contain_text("the same telephone and name")
    page.get_by_role("link", name="Open the household").press("Enter")
    expect(page.locator("main")).to_contain_text(village)
    page.get_by_role("link", name="Report a movement").press("Enter")
    expect(page.locator("#about")).to_contain_text("Усөнов Бакыт · persons: 2 · Kadamjai rayon")
    expect(page.locator("#movement")).to_be_focused()
    page.keyboard.type("Died")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_have_text("Choose who died, or fill in their number.")
    page.locator("#movement").focus()
    typist = Typist(page)
    typist.type("Returned")
    typist.press("Control+Enter")
    expect(page.locator("#answer-text")).to_have_text("Accepted: Returned · the whole household.")
    assert typist.keys <= KEYS_OF_A_MINUTE / 6
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    page.locator("#another").press("Enter")
    page.keyboard.type("Returned")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-receipt")).to_contain_text("nothing changes: was known already")
    moved = history(whole, body["household_id"])[-1]
    ids = {name: moved[name] for name in ("kind", "report_id")} | {"household_id": body["household_id"]}
    report = {**moved["report"], **ids, "version": 2}
    held_by_another(whole, "movements", report | {"movement": "intends_to_stay"})
    page.get_by_role("link", name="Open the household").press("Enter")
    page.locator(".timeline").get_by_role("link", name="Correct or reverse").first.press("Enter")
    expect(page.locator("#movement")).to_have_value("returned")
    page.get_by_role("button", name="It did not happen: reverse").press("Enter")
    expect(page.locator("#answer-text")).to_have_text("Accepted: Returned · the whole household · reversed.")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    page.get_by_role("link", name="Open the household").press("Enter")
    expect(page.locator(".timeline > li").first).to_contain_text("Reversed: Returned")


def test_the_form_says_why_a_movement_waits_or_changes_nothing(whole: Whole, seat: Any) -> None:
    body = usenov(phone=f"+996 7{random.randrange(10**8):08}")
    reported(whole, body)
    page = seat(Role.REGISTRAR).open(f"/new-movement?household={body['household_id']}")
    left = datetime.fromisoformat(body["occurred_at"])
    for movement, day, result in (
        ("returned", left - timedelta(days=3), "Under review: a person decides. The date is before the day"),
        ("transferred", left + timedelta(days=1), "Recorded. Nothing changed, because these people are at this place"),
        ("died", left + timedelta(days=2), "Recorded."),
        ("returned", left + timedelta(days=4), "Under review: a person decides. The date is after the day"),
    ):
        expect(page.locator("#movement")).to_be_focused()
        page.select_option("#movement", movement)
        page.fill("#moved", f"{day:%d.%m.%Y}")
        for box in page.locator("#members input").all() if movement == "died" else ():
            box.check(force=True)
        if movement == "transferred":
            page.get_by_label("District or city").fill("Leilek")
            page.keyboard.press("Tab")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#another")).to_be_focused()
        expect(page.locator("#answer-receipt")).to_contain_text(result)
        page.locator("#another").press("Enter")
    page.select_option("#movement", "returned")
    page.fill("#moved", "09.05.2099")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_have_text("Check this field: When. The time is in the future.")


def test_all_questions_of_the_full_form_are_answered_by_keyboard(whole: Whole, seat: Any) -> None:
    """Some answers are kept for the next household of the same call, and sent again.

    The short form shows the questions of the kept answers too.
    """
    page = opened(seat, Role.REGISTRAR)
    typed_in_full(page, f"+996 7{random.randrange(10**8):08}", "Чоко-Добо")
    page.locator("#members > li:nth-child(1)").get_by_label("Relationship").select_option("")
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    head, spouse = body["members"]
    assert (body["reasons"], body["intention"]) == (["natural_disaster", "economic"], "return")
    assert (head["personal_number"], spouse["relationship"]) == ("21234567890123", "spouse")
    assert (head["age"], spouse["birth_date"], spouse.get("birth_year")) == (45, "1984-03-14", None)
    assert "relationship" not in head  # the person removed the preset relationship
    assert head["functioning"] == {"seeing": "some_difficulty", "walking": "a_lot_of_difficulty"}
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    page.locator("#another").press("Enter")
    page.locator("#all-questions").press("Space")
    expect(page.locator("#intention")).to_be_hidden()
    expect(page.locator("#mobility")).to_be_hidden()
    expect(page.locator("#reason-2")).to_be_visible()
    expect(page.locator("#reason-2")).to_have_value("economic")


def test_what_contradicts_itself_is_shown_at_its_field_on_a_phone_too(seat: Any) -> None:
    page = opened(seat, Role.OPERATOR, width=360, height=740)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Fill in: Number of persons, District or city")
    expect(page.locator("#persons")).to_be_focused()
    page.fill("#origin", "kadamjai")
    page.fill("#persons", "2")
    page.get_by_label("Female, 18–59").fill("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("3 in all, but the number of persons is 2")
    expect(page.locator("#persons")).to_be_focused()
    page.check("#all-questions")
    page.select_option("#occurred_at_precision", "hour")
    page.fill("#left-hour", "00:10")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.evaluate("() => { Date.now = () => 0; }")  # in 1970, the chosen hour is in the future
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("At what time they left, Bishkek time. The time is in the future.")
    expect(page.locator("#left-hour")).to_be_focused()
    leaving_asks(page)


def raise_alert(whole: Whole) -> None:
    now = datetime.now(UTC).isoformat()
    count = group(persons=60, origin={"pcode": CHATKAL}, destination={"pcode": KADAMJAI})
    field = whole.client(headers=headers(whole, Role.FIELD))
    answer = field.post("/intake/v1/displacements", json=count | {"occurred_at": now, "reported_at": now})
    assert answer.status_code == 202, answer.text
    client = whole.client(headers=headers(whole))

    def raised() -> list[str]:
        alerts = client.get(f"/alerts/v1/alerts?state=open&area={CHATKAL}&limit=200").json()["alerts"]
        return [alert["alert_id"] for alert in alerts if alert["rule"] == "displacement"]

    assert wait_until(lambda: bool(raised()), timeout=60)


def test_the_alert_about_a_household_of_unknown_origin_is_named(seat: Any) -> None:
    page = opened(seat, Role.REGISTRAR)
    page.fill("#persons", "60")
    page.fill("#origin", "not known")
    page.fill("#destination", "chatkal")
    page.focus("#destination-locality")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    expect(page.locator("#answer-alerted")).to_have_text("An alert for this area followed.")


def test_the_event_that_people_fled_is_asked_and_recorded_and_the_alert_is_named(whole: Whole, seat: Any) -> None:
    hazard_id = known_hazard(whole, CHATKAL)
    raise_alert(whole)
    page = opened(seat, Role.REGISTRAR, width=360, height=740)
    page.fill("#persons", "2")
    page.fill("#origin", "chatkal")
    page.focus("#origin-locality")
    page.locator(f"#event-question input[value='{hazard_id}']").press("Space")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    with page.expect_request("**/intake/v1/displacements") as sent:
        page.keyboard.press("Control+Enter")
    body = sent.value.post_data_json or {}
    assert body["hazard_id"] == hazard_id
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    [recorded] = history(whole, body["household_id"])
    assert recorded["report"]["hazard_id"] == body["hazard_id"]
    expect(page.locator("#answer-alerted")).to_have_text("An alert for this area followed.")

    # later, the full form completes the report
    page.goto(f"{whole.url}/new-household?household={body['household_id']}")
    expect(page.locator("#persons")).to_be_focused()
    page.select_option("#intention", "return")
    page.click("#list > summary")
    for number in (1, 2):
        page.locator(f"#members > li:nth-child({number})").get_by_label("Relationship").select_option("sibling")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    _, completed = history(whole, body["household_id"])
    assert (completed["report_id"], completed["version"]) == (body["report_id"], 2)
    assert (completed["report"]["persons"], completed["report"]["intention"]) == (2, "return")
    assert [member["relationship"] for member in completed["report"]["members"]] == ["sibling", "sibling"]
