"""Tests the questions to the desk on the page "Waiting": places, events, counts that differ, and duplicates."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.console.pages.waiting import AT_BASHY, known_hazard
from tests.intake.factories import group, household


def proposed(desk: Any, name: str) -> bool:
    answer = desk.context.request.get(f"{desk.whole.url}/registry/v1/places:proposed")
    return name in str(answer.json()["proposals"])


def test_two_spellings_of_a_village_are_joined_by_keyboard_and_the_answer_is_reversed(whole: Whole, seat: Any) -> None:
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    for name, persons in (("Чоко-Добо", 70), ("Choko Döbö", 78)):
        more = {"origin_locality": name, "destination_locality": "Мечит", "persons": persons, "is_full_recount": True}
        body = group(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}, **more)
        assert author.post("/intake/v1/displacements", json=body).status_code == 202
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    assert wait_until(lambda: proposed(desk, "Choko Döbö"), timeout=60, every=0.2)
    page = desk.open("/waiting?lang=en")
    question = page.locator("#places-asked tr", has_text="Choko Döbö")
    expect(question).to_contain_text("persons: 70")
    question.get_by_role("checkbox").press("Space")
    page.locator("#places-assign").press("Enter")
    expect(question).to_contain_text(desk.name)
    same = question.get_by_role("button", name="The same place")
    same.press("Enter")
    reason = page.locator("#places-reason")
    expect(page.locator("#places-acts .problem")).to_have_text("Choose how you know the answer.")
    expect(reason).to_be_focused()
    expect(reason).to_have_attribute("aria-describedby", "places-reason-problem")
    expect(page.locator("#toasts")).to_be_empty()
    page.select_option("#places-reason", "mapped")
    expect(page.locator("#places-acts .problem")).to_have_count(0)
    same.focus()
    page.evaluate("import('/static/waiting/places.js').then((places) => places.readPlaces())")
    expect(same).to_be_focused()  # the focus stays, although the list was drawn again
    same.press("Enter")
    expect(question).to_have_count(0)
    page.locator("#places-answered summary").press("Enter")
    answered = page.locator("#places-decided tr", has_text=desk.name)
    expect(answered).to_contain_text("Choko Döbö")
    expect(answered).to_contain_text("A map or an official list shows it")
    expect(answered).not_to_contain_text("takes effect")
    answered.get_by_role("button", name="Reverse").press("Enter")
    expect(question).to_be_visible()
    page.locator("#places-all").check()
    page.get_by_role("button", name="Two places", exact=True).press("Enter")
    expect(question).to_have_count(0)
    assert desk.errors == []


def test_the_right_one_of_two_differing_counts_is_chosen_by_keyboard(whole: Whole, seat: Any) -> None:
    place = f"Мектеп {uuid4()}"
    for persons in (100, 60):
        claims = {"roles": [Role.FIELD], "account": uuid4(), "team": uuid4()}
        author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**claims)}"})
        more: dict[str, Any] = {
            "destination_locality": place,
            "persons": persons,
            "is_full_recount": True,
            "sex_age": [],
        }
        body = group(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}, **more)
        assert author.post("/intake/v1/displacements", json=body).status_code == 202
    desk = seat(Role.REGISTRAR)
    desk.sign_in()

    def differ() -> bool:
        stocks = desk.context.request.get(f"{whole.url}/registry/v1/counts:differing").json()["stocks"]
        return any(stock["clear"]["destination_locality"] == place for stock in stocks)

    assert wait_until(differ, timeout=60, every=0.2)
    page = desk.open("/waiting?lang=en")
    counts = page.locator("#differing tr", has_text=place)
    expect(counts).to_contain_text("60–100")
    expect(counts.get_by_role("link")).to_have_count(2)
    counts.get_by_role("checkbox").press("Space")
    page.locator("#differing-assign").press("Enter")
    expect(counts).to_contain_text(desk.name)
    page.select_option("#differing-reason", "incomplete")
    counts.get_by_role("button", name="Choose this count: 100").press("Enter")
    expect(counts).to_have_count(0)
    page.locator("#differing-answered summary").press("Enter")
    chosen = page.locator("#differing-decided tr", has_text=place)
    expect(chosen).to_contain_text("left people out")
    expect(chosen).not_to_contain_text("takes effect")
    chosen.get_by_role("button", name="Reverse").press("Enter")
    expect(counts).to_be_visible()
    assert desk.errors == []


def test_the_event_because_of_which_a_household_left_is_answered_by_keyboard(whole: Whole, seat: Any) -> None:
    known_hazard(whole, AT_BASHY, type="flash_flood")
    now = datetime.now(UTC).isoformat()
    more = {"occurred_at": now, "reported_at": now, "occurred_at_precision": "hour"}
    body = household(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}, **more)
    body.pop("hazard_type", None)
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    assert author.post("/intake/v1/displacements", json=body).status_code == 202
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    own = body["household_id"]

    def is_asked() -> bool:
        page = desk.context.request.get(f"{whole.url}/registry/v1/events:unanswered").json()
        listed = page["departures"]
        while page["next"]:
            path = f"{whole.url}/registry/v1/events:unanswered?cursor={page['next']}"
            page = desk.context.request.get(path).json()
            listed += page["departures"]
        return any(own in departure["household_ids"] for departure in listed)

    assert wait_until(is_asked, timeout=60, every=0.2)
    desk.page.route("**/hazards:proposals-of-many", lambda route: route.fulfill(status=503, json={"title": "Busy"}))
    page = desk.open("/waiting?lang=en")
    expect(page.locator("#events-stale")).to_have_text("This list cannot be read. Busy")
    expect(page.locator("#events-none")).to_be_hidden()
    page.unroute("**/hazards:proposals-of-many")
    page.reload()
    expect(page.locator("#events-stale")).to_be_hidden()
    desk.errors.clear()
    link = page.locator(f"a[href='/registry/households/{own}']")
    question = page.locator("#events-asked tr", has=link)
    expect(question).to_contain_text("At-Bashy")
    question.get_by_role("checkbox").press("Space")
    page.get_by_role("region", name="Did they leave because of an event?").get_by_role("button", name="Assign").click()
    expect(question).to_contain_text(desk.name)
    page.select_option("#events-reason", "fits")
    question.get_by_role("button", name="Flash flood").press("Enter")
    expect(question).to_have_count(0)
    page.locator("#events-answered summary").press("Enter")
    answered = page.locator("#events-decided tr", has=link)
    expect(answered).to_contain_text("Flash flood")
    expect(answered).to_contain_text("Place and time")
    expect(answered).not_to_contain_text("takes effect")
    answered.get_by_role("button", name="Reverse").press("Enter")
    expect(question).to_be_visible()
    question.get_by_role("button", name="No, another reason").press("Enter")
    expect(question).to_have_count(0)
    assert desk.errors == []


def test_the_desk_answers_whether_two_counts_are_of_one_event(whole: Whole, seat: Any) -> None:
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    school, mosque = f"Мектеп {uuid4().hex[:6]}", f"Мечит {uuid4().hex[:6]}"
    for place, persons, hazard in (
        (school, 60, {"hazard_type": "mudflow", "hazard_id": str(uuid4())}),
        (school, 66, {"hazard_type": "flash_flood"}),
        (mosque, 40, {"hazard_type": "earthquake", "hazard_id": str(uuid4())}),
        (mosque, 45, {"hazard_type": "landslide", "hazard_id": str(uuid4())}),
    ):
        more = {"destination_locality": place, "persons": persons, "is_full_recount": True, **hazard}
        body = group(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}, **more)
        assert author.post("/intake/v1/displacements", json=body).status_code == 202
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    assert wait_until(lambda: proposed(desk, school) and proposed(desk, mosque), timeout=60, every=0.2)
    page = desk.open("/waiting?lang=en")
    page.select_option("#places-reason", "asked")
    question = page.locator("#places-asked tr", has_text=school)
    expect(question).to_contain_text("Only one of the counts names the event")
    expect(question).to_contain_text("no event named")
    question.get_by_role("checkbox").press("Space")
    expect(page.locator("#places-same")).to_be_hidden()  # only questions about places have the button "Same"
    page.locator("#places-assign").press("Enter")
    expect(question).to_contain_text(desk.name)
    question.get_by_role("button", name="The same event").press("Enter")
    expect(question).to_have_count(0)
    page.locator("#places-answered summary").press("Enter")
    expect(page.locator("#places-decided tr", has_text=school)).to_contain_text("The same event")
    question = page.locator("#places-asked tr", has_text=mosque)
    expect(question).to_contain_text("Are these two events one emergency")
    question.get_by_role("button", name="One emergency").press("Enter")
    expect(question).to_have_count(0)
    expect(page.locator("#places-decided tr", has_text=mosque)).to_contain_text("One emergency")
    assert desk.errors == []


def test_households_that_are_no_duplicates_leave_the_list(whole: Whole, seat: Any) -> None:
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    number = "1" + str(uuid4().int)[:13]
    for _ in range(2):
        body = household(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY})
        body["members"][0]["personal_number"] = number
        assert author.post("/intake/v1/displacements", json=body).status_code == 202
    own = body["household_id"]
    desk = seat(Role.REGISTRAR)

    def is_compared() -> bool:
        pairs: list[Any] = desk.context.request.get(f"{whole.url}/registry/v1/duplicates:waiting").json()["pairs"]
        return any(own in (pair["household_id"], pair["other_id"]) for pair in pairs)

    desk.sign_in()
    assert wait_until(is_compared, timeout=60, every=0.2)
    page = desk.open("/waiting?lang=en")
    pair = page.locator("#duplicates tr", has=page.locator(f"a[href='/registry/households/{own}']"))
    expect(pair).to_contain_text("the same personal number")
    expect(pair.get_by_role("link")).to_have_count(2)
    pair.get_by_role("checkbox").press("Space")
    page.locator("#duplicates-assign").press("Enter")
    expect(pair).to_contain_text(desk.name)
    pair.get_by_role("checkbox").check()
    page.select_option("#duplicates-because", "namesakes")
    page.locator("#duplicates-two").press("Enter")
    expect(pair).to_have_count(0)
    assert desk.errors == []
