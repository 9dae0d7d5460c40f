"""Tests the area of a held report: where the report waits, who decides, and to whom it is assigned."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.held import queries as held_queries
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, LEILEK, OSH, group, household, movement
from tests.registry.test_waiting import EXPIRED, HELD, OSH_OBLAST, carried_out, decide, listed, rows, sent

pytestmark = pytest.mark.anyio


async def test_nobody_decides_outside_the_own_area_or_without_the_role(office: Office) -> None:
    await office.file(household(), flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    elsewhere = await decide(office, [held["outcome_id"]], is_accepted=True, areas=(OSH_OBLAST,))
    assert elsewhere.json() == {"outcome_ids": []}
    operator = await decide(office, [held["outcome_id"]], is_accepted=True, role=Role.OPERATOR)
    assert operator.status_code == 403
    assert await rows(office, "SELECT * FROM held_decisions") == []


async def test_a_report_about_people_of_another_area_is_accepted_only_in_their_area(office: Office) -> None:
    """Another team's report says that a household of Leilek is in Osh.

    An acceptance of the other team's report would move the household to Osh.
    """
    body = household()
    await office.file(body)
    await office.file({**body, "version": 2, "destination": {"pcode": OSH}}, author=uuid4(), team=uuid4())
    for areas, is_acceptable in (((OSH_OBLAST,), False), ((LEILEK,), True)):
        [held] = (await listed(office, areas=areas))["reports"]
        assert (held["is_acceptable"], held["is_elsewhere"]) == (is_acceptable, not is_acceptable)
        assert held["subject_pcode"] == (LEILEK if is_acceptable else None)
        decided = await decide(office, [held["outcome_id"]], is_accepted=True, areas=areas)
        assert decided.json()["outcome_ids"] == ([held["outcome_id"]] if is_acceptable else [])


async def test_a_report_about_people_registered_without_a_place_needs_the_whole_country(office: Office) -> None:
    """The household came from Tajikistan, and is in Russia. The household is therefore registered without a P-code."""
    body = household(origin={"country": "TJ"}, destination={"country": "RU"})
    await office.file(body)
    await office.file({**body, "version": 2, "destination": {"pcode": OSH}}, author=uuid4(), team=uuid4())
    [held] = (await listed(office, areas=(OSH_OBLAST,)))["reports"]
    assert (held["is_acceptable"], held["is_elsewhere"]) == (False, True)
    id = held["outcome_id"]
    assert (await decide(office, [id], is_accepted=True, areas=(OSH_OBLAST,))).json() == {"outcome_ids": []}
    assert (await decide(office, [id], is_accepted=True)).json() == {"outcome_ids": [id]}


async def test_a_report_about_people_of_another_area_is_refused_where_it_says_that_they_are(office: Office) -> None:
    body = household()
    await office.file(body)
    await office.file({**body, "version": 2, "destination": {"pcode": OSH}}, author=uuid4(), team=uuid4())
    [held] = (await listed(office, areas=(OSH_OBLAST,)))["reports"]
    refused = await decide(office, [held["outcome_id"]], is_accepted=False, refusal="wrong_place", areas=(OSH_OBLAST,))
    assert refused.json()["outcome_ids"] == [held["outcome_id"]]


async def test_decisions_and_foreign_ids_are_in_the_security_log(office: Office) -> None:
    """The log names the household and the report, because each decision gives the report a new outcome id."""
    body, registrar = household(), uuid4()
    await office.file(body, flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    id, foreign = held["outcome_id"], str(uuid4())
    assignment = {"outcome_ids": [id], "account": str(registrar)}
    claims: dict[str, Any] = {"role": Role.REGISTRAR, "account": registrar}
    elsewhere = await sent(office, f"{HELD}:assign", assignment, areas=(OSH_OBLAST,), **claims)
    assert elsewhere.json() == {"outcome_ids": []}
    decision = {"outcome_ids": [id, foreign], "is_accepted": True}
    await sent(office, f"{HELD}:decide", decision, **claims)
    statement = f"SELECT action, result, objects, reason FROM audit WHERE account = '{registrar}' ORDER BY id"
    entries = [tuple(row.values()) for row in await rows(office, statement)]
    assert entries == [
        ("held_assigned", "refused", [UUID(id)], "not-found"),
        ("held_accepted", "done", [UUID(body["household_id"]), UUID(body["report_id"])], None),
        ("held_accepted", "refused", [UUID(foreign)], "not-found"),
    ]


async def test_a_report_is_assigned_to_a_person_and_to_nobody_again(office: Office) -> None:
    await office.file(household(), flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    for account in (str(uuid4()), None):
        assignment = {"outcome_ids": [held["outcome_id"]], "account": account}
        answer = await sent(office, f"{HELD}:assign", assignment, role=Role.OPERATOR)
        assert answer.status_code == 200
        [now] = (await listed(office))["reports"]
        assert now["assignee"] == account


async def test_an_assignment_stays_with_a_report_that_is_held_again_and_ends_with_a_decision(office: Office) -> None:
    body, account = household(), str(uuid4())
    await office.file(body)
    await office.file({**body, "version": 2}, author=uuid4(), team=uuid4(), flags=EXPIRED)
    [held] = (await listed(office))["reports"]
    await sent(office, f"{HELD}:assign", {"outcome_ids": [held["outcome_id"]], "account": account}, role=Role.OPERATOR)
    async with office.app.state.sessions.begin() as session:
        # The team is readmitted, which removes the first reason of the hold. The report is held a second time: it is
        # about another team's household.
        expiry = {"account": uuid4(), "reason": "readmitted", "is_accepted": True, "is_expiry_only": True}
        await held_queries.decide(session, [UUID(held["outcome_id"])], **expiry)
    assert await carried_out(office) == ["held"]
    [again] = (await listed(office))["reports"]
    assert (again["reason"], again["assignee"]) == ("not_author", account)
    assert again["outcome_id"] != held["outcome_id"]
    await decide(office, [again["outcome_id"]], is_accepted=False, refusal="practice")
    assert await rows(office, "SELECT * FROM held_assignments") == []


async def test_a_movement_of_a_group_without_a_destination_waits_in_the_area_of_the_group(office: Office) -> None:
    counted = group()  # counted people who came from Kadamjai and are now in Batken
    await office.file(counted)
    await office.file(movement(counted, "returned", persons=20), flags=EXPIRED)
    [held] = (await listed(office, areas=(BATKEN,)))["reports"]
    assert (held["kind"], held["clear"]["movement"]) == ("group_movement", "returned")
    assert (await listed(office, areas=(OSH_OBLAST,)))["reports"] == []
    opened = await listed(office, path=f"{HELD}/{held['outcome_id']}", areas=(BATKEN,))
    assert opened["report"]["persons"] == 20
