"""A registrar may accept a held report under a registered household. No second household is then registered."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from shared.auth.tokens import Role
from shared.events.short_codes import drawn_code
from shared.events.vocabulary import Flag
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, LEILEK, NOON, OSH, family, group, household, movement
from tests.registry.test_waiting import HELD, carried_out, decide, listed, rows

pytestmark = pytest.mark.anyio

EXPIRED = (Flag.EXPIRED_TOKEN,)
OTHER: dict[str, Any] = {"author": uuid4(), "team": uuid4()}
PUBLISHED = "SELECT convert_from(value, 'UTF8')::json AS event FROM outbox WHERE topic = '{topic}' ORDER BY id"


async def twice(office: Office, **changed: Any) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Files a household. Then files another team's report about the same household, which is held.

    Returns both reports, and the outcome id of the held report.
    """
    first = household(short_code="7K3M9QXA7")
    second = household(persons=6, members=family(6), destination={"pcode": BATKEN}, **changed)
    await office.file(first)
    await office.file(second, flags=EXPIRED, **OTHER)
    [held] = (await listed(office))["reports"]
    assert held["is_adoptable"]
    return first, second, held["outcome_id"]


async def accept_under(office: Office, outcome_id: str, of: dict[str, Any], **more: Any) -> list[str]:
    answer = await decide(office, [outcome_id], is_accepted=True, household_id=of["household_id"], **more)
    assert answer.status_code == 200, answer.text
    ids: list[str] = answer.json()["outcome_ids"]
    return ids


async def events(office: Office, topic: str) -> list[dict[str, Any]]:
    return [row["event"] for row in await rows(office, PUBLISHED.format(topic=topic))]


async def test_the_report_replaces_the_current_report_of_the_existing_household(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    opened = await listed(office, path=f"{HELD}/{outcome_id}")
    similar = [(each["household_id"], each["reasons"][0]) for each in opened["households"]]
    assert similar == [(first["household_id"], "phone_and_name")]
    assert await accept_under(office, outcome_id, first) == [outcome_id]
    assert await carried_out(office) == ["recorded"]
    [stored] = await rows(office, "SELECT household_id::text, persons FROM households")
    assert stored == {"household_id": first["household_id"], "persons": 6}
    total = (await office.get("/v1/statistics/stock?date=2026-06-16", role=Role.ANALYST)).json()["total"]
    assert (total["households"], total["persons"]) == (1, 6)
    [registered, held, *published] = await events(office, "households")
    ended, corrected = sorted(published, key=lambda event: event["household_id"] == first["household_id"])
    assert (held["household_id"], ended["is_held"]) == (second["household_id"], False)
    assert (corrected["household_id"], corrected["persons"]) == (first["household_id"], 6)
    assert corrected["sequence"] > registered["sequence"]
    outcomes = {
        event["report_id"]: (event["outcome"], event.get("reason"))
        for event in await events(office, "outcomes")
        if "outcome" in event
    }
    assert outcomes == {first["report_id"]: ("rejected", "duplicate"), second["report_id"]: ("recorded", None)}
    assert (await listed(office, path=f"{HELD}:persons"))["in_households"] == 0
    [entry] = await rows(office, "SELECT objects FROM audit WHERE action = 'held_accepted'")
    assert {UUID(first["household_id"]), UUID(second["report_id"])} <= {*entry["objects"]}
    content = (await office.get(f"/v1/households/{first['household_id']}", role=Role.REGISTRAR)).json()
    assert content["details"]["notes"] == "мост снесло"


async def test_later_versions_of_both_reports_wait_and_can_be_accepted_under_the_household(office: Office) -> None:
    code = drawn_code()
    first, second, outcome_id = await twice(office, short_code=code)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    await office.file({**second, "version": 2, "persons": 7, "members": family(7)}, **OTHER)
    await office.file({**first, "version": 2, "persons": 4, "members": []})
    held = {each["reason"]: each["outcome_id"] for each in (await listed(office))["reports"]}
    assert held.keys() == {"other_household", "corrects_duplicate"}
    await accept_under(office, held["other_household"], first)
    assert await carried_out(office) == ["recorded"]
    assert await rows(office, "SELECT persons FROM households") == [{"persons": 7}]
    # the report itself names the right household; the decision must name none
    await decide(office, [held["corrects_duplicate"]], is_accepted=True)
    await carried_out(office)
    assert await rows(office, "SELECT persons FROM households") == [{"persons": 4}]
    # both reports are about one departure, so each person counts once in the figures of the month
    assert await rows(office, "SELECT persons FROM episodes") == [{"persons": 4}]
    by_code = movement(first, "confirmed_here", household_code=code)
    del by_code["household_id"]
    await office.file(by_code, **OTHER)  # the second team's code still finds the household
    await office.file({**second, "version": 3, "persons": 8, "members": family(8)}, **OTHER)
    [held_again] = (await listed(office))["reports"]
    assert (held_again["reason"], held_again["is_acceptable"]) == ("other_household", False)  # no second household
    await accept_under(office, held_again["outcome_id"], first)
    assert await carried_out(office) == ["recorded"]
    assert await rows(office, "SELECT persons FROM episodes") == [{"persons": 8}]


async def test_a_report_of_a_later_displacement_keeps_the_earlier_one(office: Office) -> None:
    later = NOON.replace(day=NOON.day + 3).isoformat()
    first, _, outcome_id = await twice(office, occurred_at=later, reported_at=later)
    await accept_under(office, outcome_id, first, is_later=True)
    assert await carried_out(office) == ["recorded"]
    assert await rows(office, "SELECT persons FROM households") == [{"persons": 6}]
    assert await rows(office, "SELECT count(*) AS n FROM episodes") == [{"n": 2}]


async def test_movements_of_the_household_stay_and_its_first_code_still_finds_it(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    await office.file(movement(first, "returned"))
    # the movement waits for the registration of its household
    await office.file(movement(second, "contact_lost"), **OTHER)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    waiting = [each for each in (await listed(office))["reports"] if each["kind"] == "household_movement"]
    assert [(each["reason"], each["is_adoptable"]) for each in waiting] == [("household_unknown", True)]
    await accept_under(office, waiting[0]["outcome_id"], first)
    assert await carried_out(office) == ["recorded"]
    by_code = movement(first, "confirmed_here", household_code="7K3M9QXA7")
    del by_code["household_id"]
    await office.file(by_code, **OTHER)
    outcomes = await rows(office, "SELECT outcome FROM reports WHERE kind = 'household_movement'")
    assert "held" not in {row["outcome"] for row in outcomes}


async def test_nothing_changes_for_other_areas_other_kinds_and_other_statuses(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    practised, counted = household(status="Exercise"), group()
    await office.file(practised, counted)
    assert await accept_under(office, outcome_id, practised) == []
    assert await accept_under(office, outcome_id, second) == []
    assert await accept_under(office, outcome_id, {"household_id": counted["group_id"]}) == []
    assert await accept_under(office, outcome_id, first, areas=(BATKEN,)) == []  # the household lives in Leilek
    assert await accept_under(office, outcome_id, first, areas=(OSH,)) == []
    assert await accept_under(office, outcome_id, first, areas=(LEILEK, BATKEN)) == [outcome_id]
    for wrong in (
        {"is_accepted": False, "refusal": "wrong_number"},
        {"is_accepted": True, "outcome_ids": [outcome_id] * 2},
    ):
        answer = await decide(office, [outcome_id], **{"household_id": first["household_id"], **wrong})
        assert answer.status_code == 422
    answer = await decide(office, [outcome_id], is_accepted=True, is_later=True)
    assert answer.status_code == 422
