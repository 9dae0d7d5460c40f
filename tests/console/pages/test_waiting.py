"""Tests the page of held reports and failed messages.

On this page, a person can decide about several reports together.
"""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import Response, expect
from sqlalchemy import text

from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from services.registry.config import RegistrySettings
from shared.auth.tokens import Role
from shared.crypto.seal import Sealer
from shared.events.vocabulary import SubmissionChannel
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.publisher import Publisher
from shared.messaging.records import Record, UnreadableRecord
from shared.postgres import database
from tests.console.factories import LEILEK
from tests.console.pages.conftest import Whole
from tests.console.pages.test_accessibility import findings
from tests.installation import in_thread
from tests.intake.factories import group, household, movement

AT_BASHY = "KG04220000000"  # no other test reports displacements from there
LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
VALUES ('hazards', 0, -5, 'malformed', '/area', now() - interval '3 hours') RETURNING 1
"""
OTHER_LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
VALUES ('hazards', 0, -6, 'unknown_type', '', now()) RETURNING 1
"""
FAILED_REPORT = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer)
VALUES ('displacements', 0, -7, 'seal_mismatch', '/sealed') RETURNING 1
"""


@pytest.fixture(scope="module", autouse=True)
def emptied(whole: Whole) -> None:
    """Refuses the held reports that earlier test files left."""
    whole.refuse_held_reports()


def send_with_ended_sign_in(whole: Whole, *bodies: dict[str, Any], path: str = "/intake/v1/displacements") -> str:
    """Sends the reports, and waits until they are held, because the page reads the list only once.

    The page has no name for their author. Returns the part of the author's id that it shows instead.
    """
    author = uuid4()
    claims = {"roles": [Role.FIELD], "channel": SubmissionChannel.FIELD, "team": uuid4(), "expires_in": -86_400}
    claims["account"] = author
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**claims)}"})
    for body in bodies:
        assert phone.post(path, json=body).status_code == 202
    assert wait_until(lambda: held_of(whole, author) == len(bodies), timeout=60, every=0.2)
    return str(author)[:8]


def held_of(whole: Whole, author: UUID) -> int:
    """The number of held reports of the author."""
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.REGISTRAR])}"}
    held = whole.client(headers=bearer).get("/registry/v1/held?limit=200").json()["reports"]
    return sum(report["author"] == str(author) for report in held)


def proposed(desk: Any, name: str) -> bool:
    """Whether the desk is asked whether a place with this name is the same as another."""
    answer = desk.context.request.get(f"{desk.whole.url}/registry/v1/places:proposed")
    return name in str(answer.json()["proposals"])


def send_early_movement(whole: Whole) -> None:
    """Sends a movement of an unknown household. The movement is held until the household is reported."""
    author = uuid4()
    claims = {"roles": [Role.FIELD], "channel": SubmissionChannel.FIELD, "team": uuid4(), "account": author}
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**claims)}"})
    assert phone.post("/intake/v1/movements", json=movement()).status_code == 202
    assert wait_until(lambda: held_of(whole, author) == 1, timeout=60, every=0.2)


async def change(
    whole: Whole, statement: str, kind: type[AlertsSettings] | type[RegistrySettings] = AlertsSettings
) -> Any:
    """Executes a statement in the database of the alerts service, or of the service with these settings."""
    engine = database.engine(whole.installation.settings(kind))
    async with database.sessions(engine).begin() as session:
        rows = (await session.execute(text(statement))).all()
    await engine.dispose()
    return rows


def test_reports_of_one_reason_are_assigned_and_accepted_together(whole: Whole, seat: Any) -> None:
    send_with_ended_sign_in(whole, household(), household(), household(version=2))
    desk = seat(Role.REGISTRAR)
    page = desk.open("/waiting?lang=en")
    rows = page.locator("#held tr")
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
    page.select_option("#refusal", "practice")
    page.get_by_role("button", name="Refuse").click()
    expect(page.locator("#held-none")).to_be_visible()
    expect(page.locator("#refusal")).to_have_value("")  # the author of the next report must not get this reason
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
    """The page states that a decision reverses a death, or that a full recount replaces other counts.

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
    send_early_movement(whole)  # this report is held for another reason
    author = send_with_ended_sign_in(whole, household(), household(version=2))
    desk = seat(Role.REGISTRAR)
    page = desk.open("/waiting?lang=en")
    own = page.locator("#held tr[data-key]", has_text=author)
    expect(own).to_have_count(2)
    page.locator("#reasons input").first.focus()
    page.keyboard.press("ArrowRight")  # the next reason is chosen, so the page loads the list again
    expect(page.locator("#reasons input:checked")).to_be_focused()
    expect(page.locator("#reasons input:checked")).not_to_have_value("")
    page.locator("#reasons").get_by_text("All reasons").click()
    expect(own).to_have_count(2)
    waiting: list[Any] = []

    def hold(route: Any) -> None:
        waiting.append(route)

    page.route("**/registry/v1/held/*", hold)
    with page.expect_request("**/registry/v1/held/*"):
        # two clicks before the answer arrives
        own.nth(0).get_by_role("button", name="Open").evaluate("button => { button.click(); button.click(); }")
    own.nth(0).evaluate("row => { row.dataset.former = ''; }")
    page.locator("#reasons input:checked").evaluate("chosen => chosen.dispatchEvent(new Event('change'))")
    expect(page.locator("#held tr[data-former]")).to_have_count(0)  # the list was drawn again
    expect(own).to_have_count(2)
    [only] = waiting
    only.continue_()
    expect(page.locator("#held .opened")).to_have_count(1)
    page.unroute_all()
    own.nth(1).get_by_role("checkbox").check()
    opened: list[str] = []
    page.on("request", lambda sent: opened.append(sent.url) if "/v1/held/" in sent.url else None)
    page.select_option("#refusal", "practice")
    page.get_by_role("button", name="Refuse").click()
    expect(own).to_have_count(1)
    expect(page.locator("#held .opened")).to_contain_text("Айгүл")
    expect(own.get_by_role("button", name="Close")).to_be_visible()
    assert opened == []
    assert desk.errors == []


@pytest.mark.parametrize("language", ["ky", "ru"])
def test_a_small_phone_selects_all_and_shows_the_headings_of_every_cell(whole: Whole, seat: Any, language: str) -> None:
    in_thread(change(whole, LETTER))
    author = send_with_ended_sign_in(whole, household(), household())
    desk = seat(Role.DUTY_HEAD, width=360, height=640)
    page = desk.open(f"/waiting?lang={language}")
    own = page.locator("#held tr[data-key]", has_text=author)
    expect(own).to_have_count(2)
    page.locator("#select-all").check()
    expect(own.locator("input:checked")).to_have_count(2)
    expect(own.first.locator("td[data-label]")).to_have_count(6)
    assert page.locator("#acts").evaluate("acts => getComputedStyle(acts).position") == "static"
    names = [box.get_attribute("aria-label") or "" for box in page.locator("#held input").all()]
    assert all(any(digit in name for digit in "0123456789") for name in names)  # each name contains a time
    expect(page.locator("#letters td[data-label]").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert findings(page) == []
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


MANY_LETTERS = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
SELECT 'hazards', 0, -1000 - number, 'unknown_type', '', now() - make_interval(mins => number)
FROM generate_series(1, 240) AS number RETURNING 1
"""


def test_an_administrator_sees_how_many_messages_failed_for_a_reason_and_since_when(whole: Whole, seat: Any) -> None:
    """The ledger lists the newest 200 messages, but the page counts all messages."""
    in_thread(change(whole, MANY_LETTERS))
    desk = seat(Role.ADMINISTRATOR)
    page = desk.open("/waiting?lang=en")
    row = page.locator("#letters tr", has_text="unknown_type")
    expect(row).to_contain_text("240")
    expect(row).to_contain_text("4 h")
    expect(row.get_by_role("button", name="Process again")).to_be_visible()
    expect(page.locator("#held-table")).to_have_count(0)
    expect(page.locator("h1")).to_have_text("Messages that failed to process")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


def is_assignment(answer: Response) -> bool:
    return answer.request.method == "PUT" and answer.url.endswith("/v1/letters:assignments")


def test_failed_messages_are_assigned_to_a_duty_head_and_stay_assigned(whole: Whole, seat: Any) -> None:
    in_thread(change(whole, LETTER))
    head, desk = seat(Role.DUTY_HEAD), seat(Role.OPERATOR)
    page = desk.open("/waiting?lang=en")
    assignee = page.locator("#letters tr", has_text="malformed").locator("select")
    with page.expect_response(is_assignment) as assigned:
        assignee.select_option(label=head.name)
    assert assigned.value.status == 204
    page.reload()
    expect(assignee.locator("option:checked")).to_have_text(head.name)
    with page.expect_response(is_assignment):
        assignee.select_option("")
    page.reload()
    expect(assignee).to_have_value("")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


@pytest.mark.parametrize(("role", "may_redrive"), [(Role.OPERATOR, False), (Role.DUTY_HEAD, True)])
def test_a_duty_head_refuses_failed_messages_or_lets_a_service_process_them_again(
    whole: Whole, seat: Any, role: Role, may_redrive: bool
) -> None:
    in_thread(change(whole, LETTER))
    desk = seat(role)
    page = desk.open("/waiting?lang=en")
    row = page.locator("#letters tr", has_text="malformed")
    expect(row).to_contain_text("alerts ← hazards")
    expect(row).to_contain_text("3 h")
    button = row.get_by_role("button", name="Process again")
    expect(button).to_have_count(1 if may_redrive else 0)
    if may_redrive:
        row.get_by_role("button", name="Refuse").click()
        expect(page.locator("#toasts")).to_contain_text("Choose the reason that the author reads.")
        row.get_by_label("Reason that the author reads").select_option("practice")
        row.get_by_role("button", name="Refuse").click()
        expect(page.locator("#toasts")).to_contain_text("Refused: 1")
        expect(row).to_have_count(0)
        for statement in (LETTER, OTHER_LETTER):
            in_thread(change(whole, statement))
        page.reload()
        other = page.locator("#letters tr", has_text="unknown_type")
        other.get_by_label("Reason that the author reads").select_option("practice")
        other.evaluate("row => { row.dataset.former = ''; }")
        button.click()
        expect(page.locator("#toasts")).to_contain_text("Sent for processing: 1")
        expect(page.locator("#letters tr[data-former]")).to_have_count(0)  # the list was drawn again
        expect(other.get_by_label("Reason that the author reads")).to_have_value("practice")
        decided = in_thread(change(whole, "SELECT account, refusal FROM redrives ORDER BY decided_at"))
        own = whole.known(desk.name).account_id
        assert [tuple(decision) for decision in decided] == [(own, "practice"), (own, None)]
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))
    assert desk.errors == []


async def set_aside(whole: Whole, content: dict[str, Any]) -> None:
    """Makes a record with this content a dead letter of the registry, as its worker does."""
    settings = whole.installation.settings(RegistrySettings)
    record = Record("displacements", 0, -7, 0, b"", json.dumps(content).encode(), ())
    letter = DeadLetters("registry", Sealer(settings.seal_public_key_file)).letter(
        UnreadableRecord(record, "seal_mismatch", "/sealed")
    )
    async with Publisher(settings) as publisher:
        await publisher.flush()
        await publisher.publish(letter, timeout=60)
    await change(whole, FAILED_REPORT, RegistrySettings)


def test_a_message_about_people_that_failed_is_opened_in_the_list(whole: Whole, seat: Any) -> None:
    """The record is not valid, so it was sealed whole. Only the worker can decrypt it."""
    notes = f"мост {uuid4().hex[:8]}"
    in_thread(set_aside(whole, {"persons": "five", "origin": {"pcode": LEILEK}, "notes": notes}))
    desk = seat(Role.REGISTRAR, Role.OPERATOR)
    page = desk.open("/waiting?lang=en")
    row = page.locator("#letters tr", has_text="registry ← displacements").filter(has_text="seal_mismatch")
    row.get_by_role("button", name="Open").click()
    expect(page.locator("#letters .opened")).to_contain_text(notes)
    expect(page.locator("#letters .opened")).to_contain_text("This viewing has been logged.")
    in_thread(change(whole, "DELETE FROM dead_letters WHERE reason = 'seal_mismatch' RETURNING 1", RegistrySettings))
    assert desk.errors == []


def test_after_a_failure_the_page_counts_what_was_sent_and_reads_the_messages_again(whole: Whole, seat: Any) -> None:
    """A request names at most 100 messages, so the page sends two requests for 200 messages.

    Only the second request fails.
    """
    in_thread(change(whole, MANY_LETTERS))
    desk = seat(Role.DUTY_HEAD)
    page = desk.open("/waiting?lang=en")
    button = page.locator("#letters tr", has_text="unknown_type").get_by_role("button", name="Process again")
    expect(button).to_be_visible()
    answers = iter([{"status": 200, "json": {"count": 100}}, {"status": 503, "json": {"title": "Busy"}}])
    page.route("**/v1/dead-letters:redrive", lambda route: route.fulfill(**next(answers)))
    with page.expect_request("**/alerts/v1/ledger"):  # the page reads the messages again after the second answer
        button.click()
    expect(page.locator("#toasts")).to_contain_text("Sent for processing: 100")
    expect(page.locator("#toasts")).to_contain_text("Busy")
    in_thread(change(whole, "DELETE FROM dead_letters RETURNING 1"))


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
    same = question.get_by_role("button", name="The same place")
    same.press("Enter")
    expect(page.locator("#toasts")).to_have_text("Choose how you know the answer.")
    expect(page.locator("#places-reason")).to_be_focused()
    page.select_option("#places-reason", "mapped")
    same.focus()
    page.evaluate("import('/static/waiting/places.js').then((places) => places.readPlaces())")
    expect(same).to_be_focused()  # the focus is kept, although the list was drawn again
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

    assert wait_until(differ, timeout=30, every=0.2)
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
    whole.report_hazard(area={"pcodes": [AT_BASHY]}, type="flash_flood")
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

    departure = {"status": "Actual", "pcode": AT_BASHY, "occurred_at": now}

    def is_proposed() -> bool:
        bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.OPERATOR])}"}
        answer = whole.client(headers=bearer).post("/intake/v1/hazards:proposals", json=departure)
        return bool(answer.json()["hazards"])

    assert wait_until(lambda: is_asked() and is_proposed(), timeout=30, every=0.2)
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


def test_each_list_says_that_it_could_not_be_read(whole: Whole, seat: Any) -> None:
    lists = {
        "duplicates": "duplicates:waiting",
        "places": "places:proposed",
        "differing": "counts:differing",
        "adopted": "held:adopted",
        "events": "events:unanswered",
    }
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    page = desk.page
    for path in lists.values():
        page.route(f"**/registry/v1/{path}", lambda route: route.abort())
    desk.open("/waiting?lang=en")
    for name, path in lists.items():
        expect(page.locator(f"#{name}-stale")).to_have_text("No connection. The list is not up to date.")
        page.unroute(f"**/registry/v1/{path}")
    page.reload()
    expect(page.locator("#events-answered, #events-none:not([hidden])").first).to_be_attached()
    for name in lists:
        expect(page.locator(f"#{name}-stale")).to_be_hidden()


def test_the_desk_answers_whether_two_counts_are_of_one_event(whole: Whole, seat: Any) -> None:
    author = whole.client(headers={"authorization": f"Bearer {whole.installation.token(roles=[Role.FIELD])}"})
    school = f"Мектеп {uuid4().hex[:6]}"
    for persons, hazard in (
        (60, {"hazard_type": "mudflow", "hazard_id": str(uuid4())}),
        (66, {"hazard_type": "flash_flood"}),
    ):
        more = {"destination_locality": school, "persons": persons, "is_full_recount": True, **hazard}
        body = group(origin={"pcode": AT_BASHY}, destination={"pcode": AT_BASHY}, **more)
        assert author.post("/intake/v1/displacements", json=body).status_code == 202
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    assert wait_until(lambda: proposed(desk, school), timeout=60, every=0.2)
    page = desk.open("/waiting?lang=en")
    page.select_option("#places-reason", "asked")
    question = page.locator("#places-asked tr", has_text=school)
    expect(question).to_contain_text("Only one of the counts names the event")
    expect(question).to_contain_text("no event named")
    expect(question.get_by_role("checkbox")).to_have_count(0)
    question.get_by_role("button", name="The same event").press("Enter")
    expect(question).to_have_count(0)
    page.locator("#places-answered summary").press("Enter")
    expect(page.locator("#places-decided tr", has_text=school)).to_contain_text("The same event")
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
    assert wait_until(lambda: reports() == 1, timeout=30, every=0.2)
    sender = send_with_ended_sign_in(whole, second)
    page = desk.open("/waiting?lang=en")
    held = page.locator("#held tr[data-key]", has_text=sender)
    held.get_by_role("button", name="Open").click()
    adoption = page.locator("#held .adoption")
    known = adoption.locator("label", has=page.locator(f'a[href="/registry/households/{first["household_id"]}"]'))
    expect(known).to_contain_text("personal number")
    known.get_by_role("radio").check()
    adoption.get_by_role("button", name="Accept under this household").click()
    expect(held).to_have_count(0)
    assert wait_until(lambda: reports() == 2, timeout=30, every=0.2)
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
