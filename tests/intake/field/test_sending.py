"""The phone stores a report, and sends it as soon as there is a signal.

The page shows the centre's answer, and allows corrections.
"""

import re
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from playwright.sync_api import BrowserContext, Page, Route, expect

from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import Flag, SubmissionChannel
from shared.web.connections import refusal
from tests.browsers import wait_for_call, wait_for_script
from tests.installation import in_thread
from tests.intake.factories import hazard
from tests.intake.field.phones import (
    FORM,
    Centre,
    choose_pin,
    filled,
    hazard_sent,
    kept_reports,
    no_signal,
    opened,
    sent,
    signed_in,
)
from tests.intake.records import records


def test_a_report_without_a_signal_is_kept_sent_later_and_corrected(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    """A mudflow was reported to the centre.

    Only with a signal does the form ask whether people left because of the mudflow.
    """
    page = opened(fresh_phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    before = centre.displacements()
    bearer = {"authorization": f"Bearer {centre.installation.token(roles=[Role.OPERATOR], sources=['hydromet'])}"}
    now = datetime.now(UTC).isoformat()
    mudflow = centre.client(headers=bearer).post("/intake/v1/hazards", json=hazard(onset=now, reported_at=now)).json()
    question = page.locator("#event-question")

    with no_signal(fresh_phone, centre):
        page.reload()
        expect(page.locator("#signal")).to_be_visible()
        filled(page, send=False)
        expect(question).to_be_hidden()
        sent(page)
        expect(page.locator("#reports .answer")).to_have_text("Saved on this phone, not sent yet")
        page.reload()
        expect(page.locator("#reports .answer")).to_have_text(["Saved on this phone, not sent yet"])
        assert centre.displacements() == before

    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    page.click("#reports button >> nth=0")
    expect(page.locator("#persons")).to_have_value("4")
    page.fill("#persons", "5")
    question.get_by_text("Mudflow, Kadamjai rayon, ").tap()
    page.select_option("#origin-district", "KG05236000000")
    expect(question).to_be_hidden()
    page.select_option("#origin-district", "KG05258000000")
    expect(question.get_by_role("radio").first).to_be_checked()
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    assert centre.displacements() == before + 2
    [kept] = kept_reports(page, centre)
    assert (kept["body"]["hazard_id"], kept["body"]["hazard_type"]) == (mudflow["hazard_id"], "mudflow")
    page.click("#copy-last")
    expect(question.get_by_role("radio").first).to_be_checked()
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def corrected_while_held(page: Page) -> list[Route]:
    on_its_way: list[Route] = []
    page.route("**/v1/displacements*", lambda route: on_its_way.append(route))  # noqa: PLW0108 - playwright marks it
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Saved on this phone, not sent yet")
    page.click("#reports >> text=Correct")
    page.fill("#persons", "5")
    is_held(page, on_its_way)
    return on_its_way


def is_held(page: Page, on_its_way: list[Route]) -> None:
    wait_for_call(page, on_its_way)
    assert len(on_its_way) == 1


def test_a_report_corrected_during_its_upload_is_sent_as_its_next_version(
    phone: BrowserContext, centre: Centre
) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    before = centre.displacements()
    on_its_way = corrected_while_held(page)
    page.click("#send")
    expect(page.locator("#reports .muted")).to_contain_text("persons: 5")
    assert len(on_its_way) == 1
    page.unroute("**/v1/displacements*")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    assert centre.displacements() == before + 2


def test_a_report_answered_while_its_correction_is_written_is_corrected(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    corrected_while_held(page)
    page.unroute("**/v1/displacements*")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    page.click("#send")
    expect(page.locator("#reports strong")).to_contain_text("correction 1")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_a_report_that_was_too_slow_is_sent_again(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    too_slow = refusal(HTTPStatus.REQUEST_TIMEOUT).partition(b"\r\n\r\n")[2]
    # every request must fail, because the form sends the report again every 30 seconds
    page.route("**/v1/displacements*", lambda route: route.fulfill(status=408, body=too_slow))
    with page.expect_response("**/v1/displacements*"):
        filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Saved on this phone, not sent yet")
    page.unroute("**/v1/displacements*")
    page.click("#send-now")
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_a_centre_that_cannot_take_reports_now_gets_them_later(phone: BrowserContext, centre: Centre) -> None:
    """For example, a centre that returned to an earlier release of Dayar has no route for sealed reports."""
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    answers: list[str] = []
    for status in (404, 405, 429, 502):
        # the form repeats its requests, so every request is refused until `unroute`
        page.route("**/v1/displacements*", lambda route: route.fulfill(status=status, body="{}"))  # noqa: B023
        with page.expect_response("**/v1/displacements*") as refused:
            filled(page)
        assert refused.value.status == status
        expect(page.locator("#reports .answer")).to_have_text(["Saved on this phone, not sent yet", *answers])
        page.unroute("**/v1/displacements*")
        page.click("#send-now")
        answers.append("Received by the centre")
        expect(page.locator("#reports .answer")).to_have_text(answers)


SEALED = re.compile(r"/v1/(hazards|displacements):sealed")


def test_a_hazard_overtakes_households_and_holds_up_none(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    answers = page.locator("#reports .answer")
    waiting, received = "Saved on this phone, not sent yet", "Received by the centre"
    page.route(SEALED, lambda route: route.fulfill(status=503, body="{}"))
    for send in (filled, hazard_sent):
        # after the hazard, the form sends the household again; wait for this request too, so that it is refused
        with page.expect_response("**/v1/displacements:sealed"):
            send(page)
    expect(answers).to_have_text([waiting, waiting])
    requests: list[str] = []
    page.unroute(SEALED)
    page.on("request", lambda request: requests.extend(SEALED.findall(request.url)))
    page.click("#send-now")
    expect(answers).to_have_text([received, received])
    assert requests == ["hazards", "displacements"]
    # earlier releases of Dayar have no route for hazards from phones
    page.route("**/v1/hazards:sealed", lambda route: route.fulfill(status=404, body="{}"))
    hazard_sent(page)
    filled(page)
    expect(answers).to_have_text([received, waiting, received, received])


SETTLED = """() => {
    window.settled = new Promise((done) => addEventListener("dayar-kept-changed", () => done(), { once: true }));
}"""


def test_a_late_answer_in_another_tab_does_not_undo_a_correction(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    second = opened(phone, centre)
    on_its_way: list[Route] = []
    second.route("**/v1/displacements*", lambda route: on_its_way.append(route))  # noqa: PLW0108 - playwright marks it
    corrected_while_held(page)
    second.click("#send-now")
    is_held(second, on_its_way)
    page.unroute("**/v1/displacements*")
    for number in ("1", "2"):
        expect(page.locator("#reports .is-good")).to_have_count(1)
        page.fill("#notes", number)
        page.click("#send")
        expect(page.locator("#reports strong")).to_contain_text(f"correction {number}")
        expect(page.locator("#reports .is-good")).to_have_count(1)
        page.click("#reports button >> nth=0")
    assert len(on_its_way) == 1
    second.evaluate(SETTLED)
    second.unroute("**/v1/displacements*")
    second.evaluate("settled")
    assert [report["body"]["version"] for report in kept_reports(page, centre)] == [3]


def test_errors_name_fields_as_the_form_does(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre, "ru")
    signed_in(page, centre.account(Role.FIELD))
    pointers = ["/occurred_at", "/destination/pcode", "/members/0/birth_year", "/sex_age/1/count", "/needs/0"]
    errors = [{"pointer": pointer, "expected": "Input should be otherwise"} for pointer in pointers]
    errors[0]["expected"] = "Input should be a valid datetime"
    problem = {"errors": errors}
    page.route("**/v1/displacements*", lambda route: route.fulfill(status=422, json=problem))
    filled(page)
    expect(page.locator("#reports .errors li")).to_have_text(
        [
            "Проверьте поле: Когда покинули дом. Укажите правильную дату.",
            "Проверьте поле: Где находятся сейчас",
            "Проверьте поле: Человек 1, Дата или год рождения либо возраст",
            "Проверьте поле: Число по полу и возрасту",
            "Проверьте поле: Первоочередные потребности",
        ]
    )
    page.unroute("**/v1/displacements*")
    page.check("#by-steps")
    page.click("#reports button:has-text('Исправить')")
    expect(page.locator("#progress")).to_have_text("Шаг 2 из 4")
    expect(page.locator("#occurred")).to_be_visible()
    problem_of_date = page.locator("#report .field:has(#occurred) .problem")
    expect(problem_of_date).to_have_text("Проверьте поле: Когда покинули дом. Укажите правильную дату.")
    expect(page.locator("#occurred")).to_have_attribute("aria-invalid", "true")


def test_a_phone_with_an_expired_sign_in_still_sends_with_it(phone: BrowserContext, centre: Centre) -> None:
    """The centre accepts the household with a flag, and refuses the hazard.

    The form then asks the person to sign in again.
    """
    page = opened(phone, centre)
    ended = centre.installation.token(roles=[Role.FIELD], channel=SubmissionChannel.FIELD, expires_in=-86_400)
    known = {"token": ended, "name": "team-1", "expires_at": "2020-01-01T00:00:00Z"}
    page.evaluate("known => localStorage.setItem('dayar.account', JSON.stringify(known))", known)
    page.reload()
    hazard_sent(page)
    expect(page.locator("#reports .answer")).to_have_text("Saved on this phone. Sign in again to send it.")
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text(
        ["Received by the centre", "Saved on this phone. Sign in again to send it."]
    )
    expect(page.locator("#sign-in")).to_be_visible()


RENEWED = "JSON.parse(localStorage.getItem('dayar.account')).renewedAt > 1"


def test_a_contact_extends_the_sign_in_by_a_year(phone: BrowserContext, centre: Centre) -> None:
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    page.evaluate("""() => {
        const known = JSON.parse(localStorage.getItem("dayar.account"));
        localStorage.setItem("dayar.account", JSON.stringify({ ...known, renewedAt: 1 }));
    }""")
    page.reload()
    wait_for_script(page, RENEWED)
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")


def test_a_phone_whose_clock_is_a_year_ahead_reports_for_today(
    phone_with_set_clock: BrowserContext, centre: Centre
) -> None:
    """Each upload states its time by the phone's clock.

    The centre therefore knows the clock's error, and subtracts it from the times in the report.
    """
    page, now = phone_with_set_clock.new_page(), datetime.now(UTC)
    page.clock.set_fixed_time(now + timedelta(days=365))
    page.goto(f"{centre.url}{FORM}?lang=en")
    choose_pin(page)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    [kept] = kept_reports(page, centre)
    [received] = in_thread(records(centre.installation, "displacements", kept["body"]["report_id"]))
    assert received.opened.flags == (Flag.CLOCK_AHEAD,)
    days = {at.astimezone(TIME_ZONE).date() for at in (now, datetime.now(UTC))}  # two days if midnight has just passed
    for at in (received.opened.clear.occurred_at, received.opened.clear.reported_at):
        assert at.astimezone(TIME_ZONE).date() in days


def test_a_phone_asks_less_and_less_often_about_a_report_without_a_result_until_its_author_looks(
    fresh_phone: BrowserContext, centre: Centre
) -> None:
    """No worker runs. The report has no result, as if it had been under review for days."""
    page = fresh_phone.new_page()
    page.clock.install()
    questions: list[str] = []
    page.on("request", lambda request: questions.append(request.url) if request.url.endswith("/receipts") else None)
    page.goto(f"{centre.url}{FORM}?lang=en")
    choose_pin(page)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    page.clock.run_for("04:00:00")
    in_four_hours = len(questions)
    assert 8 <= in_four_hours <= 40  # one request every 30 seconds would be 480 requests
    with page.expect_request("**/intake/v1/receipts"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_recorded_reports_go_after_two_weeks_and_refused_or_open_ones_stay_for_their_author(
    phone: BrowserContext, centre: Centre
) -> None:
    """A registrar may refuse a report weeks after its upload. The author must still be able to correct it."""
    page = opened(phone, centre)
    signed_in(page, centre.account(Role.FIELD))
    filled(page)
    expect(page.locator("#reports .answer")).to_have_text("Received by the centre")
    ages = {("recorded", 15): False, ("recorded", 13): True, ("refused", 60): True, ("under_review", 60): True}
    ages |= {("refused", 91): False, ("under_review", 91): False}
    page.evaluate(
        """ages => {
            const [key, kept] = Object.entries(localStorage).find(([key]) => key.startsWith("dayar.report."));
            localStorage.removeItem(key);
            for (const [state, days] of ages) {
                const moment = new Date(Date.now() - days * 86_400_000).toISOString();
                const report = JSON.parse(kept), id = crypto.randomUUID();
                report.clear.report_id = id;
                report.at = state === "recorded" ? new Date(Date.now() - 80 * 86_400_000).toISOString() : moment;
                report.receipt = { report_id: id, state, version: 1, reason: null, settled_at: moment };
                localStorage.setItem(`dayar.report.${id}`, JSON.stringify(report));
            }
        }""",
        [list(age) for age in ages],
    )
    page.reload()
    expect(page.locator("#reports .answer")).to_have_count(sum(ages.values()))
    states = sorted(report["receipt"]["state"] for report in kept_reports(page, centre))
    assert states == ["recorded", "refused", "under_review"]
