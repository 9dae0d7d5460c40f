"""Tests the page of a household: its history, the changes by corrections, and the reports that figures use."""

import re
from datetime import datetime, time
from typing import Any
from uuid import uuid4

import pytest

from services.registry.households.timelines import UNCHANGING
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events import GroupMovementReport, GroupReport, HouseholdMovementReport, HouseholdReport
from shared.events.displacements import Person
from shared.pages import TERMS
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, LEILEK, OSH, household, movement
from tests.registry.test_search import family, person

pytestmark = pytest.mark.anyio


async def page_of(office: Office, body: dict[str, Any], language: str = "en", **caller: Any) -> str:
    caller = {"role": Role.REGISTRAR, **caller}
    answer = await office.get(f"/households/{body['household_id']}?lang={language}", accept="text/html", **caller)
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", answer.text)


def entries(page: str) -> list[str]:
    history = page.partition('<ol class="timeline">')[2]
    return [re.sub(r"<[^>]*>", "", entry) for entry in history.split("<li id=")[1:]]


async def test_a_correction_shows_what_it_changed(office: Office) -> None:
    body = family(person("Асан", "Усенов"), person("Айгүл", "Усенова"), phone="+996 700 112233", needs=["food"])
    head, spouse = body["members"]
    child = person("Нурбек", "Усенов")
    corrected = {
        **body,
        "version": 2,
        "phone": "+996 700 445566",
        "needs": ["food", "water"],
        "members": [{**head, "given_name": "Асанбек"}, child],
        "destination": {"pcode": BATKEN},
        "reported_at": "2026-06-16T00:00:00Z",
    }
    await office.file(body)
    await office.file(corrected)
    correction, first = entries(await page_of(office, body))
    assert "Correction" in correction and "Report of the displacement" in first
    for change in (
        "Telephone: +996 700 112233 → +996 700 445566",
        "Needs: Food → Food, Drinking water",
        "Where they are now: Leilek rayon → Batken rayon",
        "Усенов Асанбек · Given name: Асан → Асанбек",
        "Member: Усенова Айгүл → –",
        "Member: – → Усенов Нурбек",
    ):
        assert change in correction, change
    assert "→ +996" not in first
    assert spouse["member_id"] not in correction


async def test_a_movement_shows_whom_it_moved_and_the_figures_rest_on_it(office: Office) -> None:
    body = family(person("Асан", "Усенов"), person("Айгүл", "Усенова"))
    back = movement(body, "returned", member_ids=[body["members"][1]["member_id"]])
    await office.file(body)
    await office.file(back)
    page = await page_of(office, body)
    moved, first = entries(page)
    assert "Returned" in moved and "1 person: Leilek rayon → Kadamjai rayon (In location of return)" in moved
    assert "Counted as displaced: 2 persons" in first
    assert f'href="#report-{back["report_id"]}-1">Returned</a>' in page
    assert f'id="report-{back["report_id"]}-1"' in page


async def test_people_who_moved_today_are_counted_at_their_new_place_only(office: Office) -> None:
    tonight = datetime.combine(datetime.now(TIME_ZONE).date(), time(23, 59, 59), TIME_ZONE)
    body = household()
    await office.file(body)
    await office.file(movement(body, "returned", occurred_at=tonight.isoformat(), occurred_at_precision="hour"))
    counted = (
        (await page_of(office, body)).partition("How the figures count this household now")[2].partition("</table>")[0]
    )
    assert "In location of return" in counted
    assert "In location of displacement" not in counted


async def test_the_page_says_where_a_household_is_that_moved(office: Office) -> None:
    body, other = household(), household()
    await office.file(body, other)
    await office.file(movement(body, "transferred", destination={"pcode": BATKEN}))
    assert "<dt>Is now in</dt><dd>Batken rayon</dd>" in await page_of(office, body)
    assert "<dt>Is now in</dt>" not in await page_of(office, other)


async def test_a_household_without_movements_rests_on_its_report(office: Office) -> None:
    body = household()
    await office.file(body)
    page = await page_of(office, body)
    assert f'href="#report-{body["report_id"]}-1">Report of the displacement</a>' in page


async def test_lists_are_shown_with_their_content(office: Office) -> None:
    """A changed list is shown as changed, even if its length is the same."""
    some, cannot = {"seeing": "some_difficulty"}, {"seeing": "some_difficulty", "walking": "cannot_do_at_all"}
    [head] = [person("Асан", "Усенов", disabilities=["seeing"], functioning=some)]
    group = {"sex": "female", "age": "18-59", "count": 1}
    body = family(head, sex_age=[group], sharing=[{"recipient": "IOM", "purpose": "aid"}])
    corrected = {
        **body,
        "version": 2,
        "members": [{**head, "disabilities": ["self_care"], "functioning": cannot}],
        "sex_age": [{**group, "age": "unknown"}],
        "sharing": [{"recipient": "UNHCR", "purpose": "aid", "person_level": True}],
    }
    await office.file(body)
    await office.file(corrected)
    page = await page_of(office, body)
    correction, _ = entries(page)
    assert "Disabilities: Seeing → Self-care" in correction
    assert "Seeing: Some difficulty → Seeing: Some difficulty; Walking: Cannot do at all" in correction
    assert "<td>Seeing: Some difficulty; Walking: Cannot do at all</td>" in page
    assert "person with disability" in page
    assert "Persons by sex and age: Woman, 18–59: 1 → Woman, age not known: 1" in correction
    assert "Consent to sharing: IOM: aid → UNHCR: aid (data of single persons)" in correction


async def test_a_version_that_arrives_late_changes_nothing(office: Office) -> None:
    body = household(persons=5)
    await office.file({**body, "version": 2, "phone": "+996 700 445566", "reported_at": "2026-06-16T00:00:00Z"})
    await office.file({**body, "reported_at": "2026-06-17T00:00:00Z"})
    late, correction = sorted(entries(await page_of(office, body)), key=lambda entry: "Correction" in entry)
    assert "+996" not in late and "+996" not in correction


async def test_contradicting_reports_have_different_anchors(office: Office) -> None:
    body = household()
    await office.file(body)
    await office.file({**body, "phone": "+996 700 445566"}, author=uuid4(), team=uuid4())
    anchors = re.findall(r'<li id="([^"]*)"', await page_of(office, body))
    assert len(anchors) == len(set(anchors)) == 2 and f"report-{body['report_id']}-1" in anchors


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({}, None),
        ({"mobility": "evacuation"}, None),
        ({"mobility": "migration"}, "not counted as displaced: Migration"),
        ({"mobility": "unable_to_move"}, "not counted as displaced: "),
        ({"status": "Exercise"}, "not in the figures: Exercise"),
    ],
)
async def test_people_whom_the_figures_do_not_count_are_marked(
    office: Office, changed: dict[str, Any], why: str | None
) -> None:
    body = household(**changed)
    await office.file(body)
    page = await page_of(office, body)
    assert page.count(why or "not counted") == (2 if why else 0)
    assert ("Counted as displaced: 5 persons" in entries(page)[0]) == (why is None)


@pytest.mark.parametrize("language", ["ky", "ru", "en"])
async def test_each_field_of_a_report_has_a_name_and_its_value_words(office: Office, language: str) -> None:
    """The page shows no codes, and no names of the contract's fields."""
    body = household()
    changed = {
        **body,
        "version": 2,
        "status": "Test",
        "persons": 5,
        "occurred_at": "2026-06-14T00:00:00Z",
        "occurred_at_precision": "month",
        "mobility": "evacuation",
        "reasons": ["conflict", "insecurity"],
        "reason_text": "война",
        "hazard_type": "earthquake",
        "hazard_id": str(uuid4()),
        "intention": "return",
        "shelter": "host_family",
        "needs": ["food"],
        "is_whole_household": False,
        "contact_name": "Айгүл",
        "citizenship": "KG",
        "legal_basis": "consent",
        "sharing": [{"recipient": "IOM", "purpose": "aid"}],
        "origin_point": {"lat": 40.0, "lon": 71.0},
        "destination_point": {"lat": 40.1, "lon": 71.1},
        "members": [
            {
                **member,
                "disabilities": ["seeing"],
                "functioning": {"self_care": "dont_know"},
                "is_pregnant": False,
                "patronymic": "А",
                "personal_number": "1" * 14,
            }
            for member in body["members"]
        ],
    }
    await office.file(body)
    await office.file(changed)
    correction, _ = entries(await page_of(office, body, language))
    codes = r"\b([a-z]+_[a-z_]+|earthquake|seeing|evacuation|consent|month|KG)\b"
    assert re.findall(codes, correction) == []


async def test_the_page_is_opened_by_the_rights_of_the_record_and_logged(office: Office) -> None:
    body, account = household(), uuid4()
    await office.file(body)
    path = f"/households/{body['household_id']}"
    assert (await office.get(path, role=Role.REGISTRAR, areas=(OSH,))).status_code == 404
    assert (await office.get(path, role=Role.OPERATOR, purpose=None)).status_code == 403
    assert (await office.get(path, role=Role.FIELD)).status_code == 403
    await page_of(office, body, areas=(LEILEK,), account=account)
    [row] = await office.reads(account)
    assert (row["subject"], [str(row["objects"][0])]) == (
        "GET /registry/households/{household_id}",
        [body["household_id"]],
    )


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("hour", "15 Jun 2026, 12:00"),
        ("day", "15 Jun 2026"),
        ("week", "≈ 15 Jun 2026"),
        ("month", "06.2026"),
        ("season", "≈ 06.2026"),
        ("year", "2026"),
    ],
)
async def test_a_date_is_shown_as_precisely_as_it_is_known(office: Office, precision: str, shown: str) -> None:
    body = household(occurred_at="2026-06-15T06:00:00Z", occurred_at_precision=precision)
    await office.file(body)
    [entry] = entries(await page_of(office, body))
    assert f" {shown}: Kadamjai rayon → Leilek rayon" in entry


async def test_a_household_without_a_list_of_members_is_named_after_its_contact_person(office: Office) -> None:
    body = household(contact_name="Асанов Нурлан")
    del body["members"]
    await office.file(body)
    page = await page_of(office, body)
    assert '<h1 id="household">Household of Асанов Нурлан</h1>' in page
    assert "<dt>Name of the head or of a contact person</dt><dd>Асанов Нурлан</dd>" in page


def test_each_field_of_the_reports_has_a_name() -> None:
    reports = (HouseholdReport, Person, HouseholdMovementReport, GroupReport, GroupMovementReport)
    fields = {name for report in reports for name in report.model_fields}
    assert fields - UNCHANGING - {"member_id"} <= TERMS["household_field"].keys()
