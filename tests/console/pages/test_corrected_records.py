"""On the desk's forms, sent reports of households, counts and movements are corrected and reversed."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import expect

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.pages.conftest import Whole
from tests.console.pages.test_new_household import held_by_another, history, opened
from tests.console.pages.test_search import reported, usenov
from tests.console.pages.test_sites import headers, saved
from tests.console.pages.test_sites import reported as counted

# Presses Ctrl+Enter twice before the first request is answered.
PRESSED_TWICE = """() => {
  for (const _ of [1, 2]) {
    const pressed = new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(pressed);
  }
}"""
POINT = {"lat": 40.1, "lon": 71.7}
# Corrects a movement to the village Tash. `chosen` is the settlement that the person chooses in the form.
CORRECTED = """async ([code, chosen, point]) => {
  const { MovementReport } = await import("/static/new-movement/movement-reports.js");
  const given = {
    movement: "transferred", moved: new Date(), precision: "day", destination: "KG05258000000", site: "",
    locality: "Tash", settlement: chosen, shelter: "unknown", members: [], persons: null, notes: "",
  };
  const about = { status: "Test", kind: "household", subject: "" };
  const known = { ...new MovementReport(about).body({ ...given, settlement: code }), destination_point: point };
  return new MovementReport(about, known).body(given);
}"""


def test_a_correction_keeps_what_the_form_does_not_show(whole: Whole, seat: Any) -> None:
    """The form shows the answers to all questions.

    A field worker of another team sent a correction with the form's version.

    The other team's correction is held, and its note is never shown.
    """
    counts = [{"sex": "unknown", "age": "18-59", "count": 1}]
    body = usenov(is_urgent=True, intention="return", reasons=["natural_disaster", "fear_of_hazard"], sex_age=counts)
    body["members"][1] |= {"personal_number": "21234567890123", "disabilities": ["seeing"], "patronymic": "Бакытовна"}
    body["members"][1]["functioning"] = {"seeing": "a_lot_of_difficulty"}
    reported(whole, body)
    held_by_another(whole, "displacements", {**body, "version": 2, "notes": "башка"})
    page = seat(Role.REGISTRAR).open(f"/registry/households/{body['household_id']}")
    page.get_by_role("link", name="Correct").press("Enter")
    expect(page.locator("#persons")).to_be_focused()
    for shown, value in (
        ("#reason-2", "fear_of_hazard"),
        ("#intention", "return"),
        ("[data-detail=personal_number]", "21234567890123"),
        ("[data-domain=seeing]", "a_lot_of_difficulty"),
    ):
        answer = page.locator(shown).nth(0 if shown.startswith("#") else 1)
        expect(answer).to_be_visible()
        expect(answer).to_have_value(value)
    seeing = page.locator("[data-domain=seeing]").nth(1)
    age = page.locator("#members > li:nth-child(2) > label input").nth(1)
    born = age.input_value()
    age.fill("31.02.1985")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("Birth date, birth year or age, person 2 (a date like 14.03.1985")
    age.fill("3")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#failure")).to_contain_text("asked from the age of 5")
    expect(seeing).to_be_focused()
    age.fill(born)
    page.locator("#is-urgent").press("Space")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    versions = history(whole, body["household_id"])
    assert [version["outcome"] for version in versions] == ["recorded", "held", "recorded"]
    first, _, second = (version["report"] for version in versions)
    changed = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    assert changed == {"version", "reported_at", "is_urgent"}
    page.goto(f"{whole.url}/new-household?household={body['household_id']}")
    expect(page.locator("#notes")).to_have_value(body["notes"])

    # meanwhile, the author's team corrects the report
    reported(
        whole, {**body, "version": 3, "persons": 3, "members": [], "notes": "үчөө", "destination": {"country": "TJ"}}
    )
    assert wait_until(lambda: history(whole, body["household_id"])[-1]["version"] == 3, timeout=60)
    page.fill("#notes", "экөө")
    page.keyboard.press("Control+Enter")
    differing = page.locator("#conflict-fields tr")
    expect(differing.filter(has_text="Notes")).to_have_text("Notesүчөөэкөө")
    expect(differing.filter(has_text="Number of persons")).to_have_text("Number of persons32")
    expect(differing.filter(has_text="Tajikistan")).to_have_text("Where they are nowTajikistanLeilek rayon")
    assert history(whole, body["household_id"])[-1]["report"]["notes"] == "үчөө"
    page.get_by_role("button", name="Replace the recorded version by mine").press("Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    newest = history(whole, body["household_id"])[-1]
    assert (newest["version"], newest["report"]["notes"], newest["report"]["persons"]) == (4, "экөө", 2)


def test_movements_of_everybody_at_a_site_and_of_a_part_of_a_group_are_entered_and_reversed(
    whole: Whole, seat: Any
) -> None:
    site = saved(whole)
    group_id, site_id = counted(whole, site, 40)["group_id"], site["site_id"]
    registrar = whole.client(headers=headers(whole, Role.REGISTRAR))
    assert wait_until(lambda: registrar.get(f"/registry/groups/{group_id}").status_code == 200, timeout=60)
    desk = seat(Role.REGISTRAR)
    desk.sign_in()
    page = desk.page
    for kind, subject, who, persons in (
        ("site", site_id, "everybody at the site", None),
        ("group", group_id, "persons: 5", 5),
    ):
        page.goto(f"{whole.url}/new-movement?{kind}={subject}")
        expect(page.locator("#movement")).to_be_focused()
        page.keyboard.type("Returned")
        if persons:
            page.fill("#persons", str(persons))
        sent: list[Any] = []
        page.on(
            "request", lambda request, sent=sent: sent.append(request) if request.url.endswith("/movements") else None
        )
        page.evaluate(PRESSED_TWICE)
        expect(page.locator("#answer-text")).to_have_text(f"Accepted: Returned · {who}.")
        (request,) = sent
        body = request.post_data_json or {}
        assert (body["kind"], body[f"{kind}_id"], body.get("persons")) == (f"{kind}_movement", subject, persons)
        expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
        page.get_by_role("link", name=f"Open the {kind}").press("Enter")
        newest = page.locator(".timeline > li").first
        expect(newest).to_contain_text(f"{persons or 40} persons → Kadamjai rayon (In location of return)")
        newest.get_by_role("link", name="Correct or reverse").press("Enter")
        expect(page.locator("#movement")).to_have_value("returned")
        page.get_by_role("button", name="It did not happen: reverse").press("Enter")
        expect(page.locator("#answer-text")).to_have_text(f"Accepted: Returned · {who} · reversed.")
        expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
        page.get_by_role("link", name=f"Open the {kind}").press("Enter")
        expect(newest).to_contain_text("Reversed: Returned")
        expect(page.locator("[aria-labelledby=counted] tbody tr")).to_have_count(1)
        expect(page.locator("[aria-labelledby=counted] tbody td").first).to_have_text("40")
    assert desk.errors == []


def test_a_count_and_a_movement_that_somebody_else_corrects_meanwhile_are_not_replaced_unseen(
    whole: Whole, seat: Any
) -> None:
    count = counted(whole, saved(whole), 40)
    group_id, at = count["group_id"], count["reported_at"]
    moved = {"kind": "group_movement", "report_id": str(uuid4()), "group_id": group_id, "movement": "returned"}
    moved |= {"occurred_at": at, "reported_at": at, "persons": 5, "notes": "эртең менен"}
    colleague = whole.client(headers=headers(whole, Role.REGISTRAR))

    def sent(path: str, body: dict[str, Any]) -> None:
        assert colleague.post(f"/intake/v1/{path}", json=body).status_code == 202
        assert wait_until(lambda: (body["report_id"], body.get("version", 1)) in recorded(), timeout=60)

    def recorded() -> set[tuple[str, int]]:
        versions = colleague.get(f"/registry/v1/groups/{group_id}/history").json().get("versions", [])
        return {(known["report_id"], known["version"]) for known in versions if known["outcome"] == "recorded"}

    assert wait_until(lambda: (count["report_id"], 1) in recorded(), timeout=60)
    sent("movements", moved)
    page = seat(Role.REGISTRAR).open(f"/registry/groups/{group_id}")
    differing = page.locator("#conflict-fields tr")
    page.locator("header").get_by_role("link", name="Correct").press("Enter")
    expect(page.locator("#persons")).to_have_value("40")
    sent("displacements", {**count, "version": 2, "persons": 42})
    page.fill("#persons", "41")
    page.keyboard.press("Control+Enter")
    expect(differing).to_have_text(["Number of persons4241"])
    page.get_by_role("button", name="Drop mine, continue with the recorded version").press("Enter")
    expect(page.locator("#persons")).to_have_value("42")
    page.fill("#persons", "43")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    page.get_by_role("link", name="Open the group").press("Enter")
    correction = page.locator(".timeline > li").first
    expect(correction.locator(".changes")).to_contain_text("Number of persons: 42 → 43")
    page.get_by_role("link", name="Correct or reverse").press("Enter")
    expect(page.locator("#persons")).to_have_value("5")
    sent("movements", {**moved, "version": 2, "persons": 7})
    page.get_by_role("button", name="It did not happen: reverse").press("Enter")
    expect(differing).to_have_text(["Number of persons75", "ReversedNoYes"])
    page.get_by_role("button", name="Replace the recorded version by mine").press("Enter")
    expect(page.locator("#answer-receipt")).to_have_text("Recorded.")
    assert (moved["report_id"], 3) in recorded()


def test_a_corrected_movement_can_lead_to_another_village_of_the_same_name(seat: Any) -> None:
    """The form keeps the known code and point unless the person chooses another settlement."""
    page = opened(seat, Role.REGISTRAR)
    code, other = "KG05258812010", "KG05258813010"
    for chosen, kept in (("", (code, POINT)), (code, (code, POINT)), (other, (other, None))):
        body = page.evaluate(CORRECTED, [code, chosen, POINT])
        assert (body["destination_locality_pcode"], body.get("destination_point")) == kept
