"""Tests how movements of households change tables and publish events over several batches."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.registry.models import HeldDecision
from services.registry.reports import CELL
from shared.events.vocabulary import AgeBracket, Sex
from tests.registry.conftest import Filing
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, household, movement

pytestmark = pytest.mark.anyio


async def changes(file: Filing) -> list[dict[str, Any]]:
    return await file.events("households")


async def test_a_return_is_told_to_the_other_services(file: Filing) -> None:
    body = household()
    await file(body)
    returned = movement(body, "returned", member_ids=[person["member_id"] for person in body["members"][:2]])
    assert await file(returned) == ["recorded"]
    registered, changed = await changes(file)
    assert "whereabouts" not in registered and registered["confirmed_on"] == "2026-06-15"
    assert (changed["sequence"], changed["persons"], changed["destination"]) == (2, 5, {"pcode": LEILEK})
    assert changed["whereabouts"] == {
        "displaced": 3,
        "returned": 2,
        "settled": 0,
        "confirmed_on": "2026-06-15",
        "is_return_presumed": False,
    }
    [row] = await file.rows("households")
    assert row["sequence"] == 2
    outcomes = await file.events("outcomes")
    assert [(event["kind"], event["outcome"]) for event in outcomes] == [
        ("household", "recorded"),
        ("household_movement", "recorded"),
    ]


async def test_the_place_of_those_who_are_still_displaced_is_told_by_district(file: Filing) -> None:
    body = household()
    await file(body)
    await file(movement(body, "transferred", destination={"pcode": BATKEN}, destination_locality="Баткен, мектеп"))
    assert [event["destination"] for event in await changes(file)] == [{"pcode": LEILEK}, {"pcode": BATKEN}]
    await file(movement(body, "returned", occurred_at=(NOON + timedelta(days=3)).isoformat()))
    assert (await changes(file))[-1]["destination"] == {"pcode": KADAMJAI}
    for table in ("households", "reports", "outbox"):
        assert "мектеп" not in str(await file.rows(table))


async def test_a_movement_of_an_unknown_household_is_answered_as_waiting_and_freed_by_the_household(
    file: Filing,
) -> None:
    body = household()
    returned = movement(body, "returned")
    assert await file(returned, author=uuid4(), team=None) == ["household_unknown"]
    assert await file.rows("households") == []
    [waiting] = await file.rows("reports")
    assert await file(body) == ["recorded"]
    assert [event["whereabouts"]["returned"] for event in await changes(file) if "whereabouts" in event] == [5]
    held, *settled = [event for event in await file.events("outcomes") if event["report_id"] == returned["report_id"]]
    assert (held["outcome"], held["reason"]) == ("held", "household_unknown")
    assert [(event["outcome"], event["replaces"]) for event in settled] == [("recorded", str(waiting["outcome_id"]))]


async def test_a_reversal_before_its_movement_over_several_batches(file: Filing) -> None:
    body = household()
    returned = movement(body, "returned")
    reversal = {**returned, "version": 2, "is_reversed": True}
    await file(body)
    assert await file(reversal) == ["waiting"]
    assert await file(returned) == ["older_version"]
    [registered] = await changes(file)  # nothing has changed
    assert "whereabouts" not in registered
    assert await file.rows("stays") == []


async def test_a_batch_tells_only_where_the_people_are_after_it(file: Filing) -> None:
    body = household()
    outcomes = await file(
        body,
        movement(body, "returned", member_ids=[body["members"][0]["member_id"]]),
        movement(body, "settled_elsewhere", occurred_at=(NOON + timedelta(days=3)).isoformat()),
    )
    assert outcomes == ["recorded"] * 3
    [registered] = await changes(file)
    assert (registered["sequence"], registered["whereabouts"]["settled"]) == (1, 5)


async def test_a_contradiction_of_an_earlier_batch_is_judged_again_with_a_correction(file: Filing) -> None:
    body = household()
    await file(body)
    early = movement(body, "returned", occurred_at=(NOON - timedelta(days=3)).isoformat())
    assert await file(early) == ["before_departure"]
    await file({**body, "version": 2, "occurred_at": (NOON - timedelta(days=5)).isoformat()})
    reports = {row["report_id"]: row for row in await file.rows("reports") if row["kind"] == "household_movement"}
    [report] = reports.values()
    assert (report["outcome"], report["reason"]) == ("recorded", None)
    assert (await changes(file))[-1]["whereabouts"]["returned"] == 5


async def test_a_death_reported_by_another_team_waits_for_a_registrar(file: Filing) -> None:
    body = household()
    await file(body)
    died = movement(body, "died", member_ids=[body["members"][4]["member_id"]])
    assert await file(died, author=uuid4(), team=uuid4()) == ["removal_by_other_team"]
    [held] = [row for row in await file.rows("reports") if row["outcome"] == "held"]
    decision = HeldDecision(outcome_id=held["outcome_id"], account=uuid4(), reason="seen the body", is_accepted=True)
    assert await file.registrar.settle_held(decision, file.session) == "recorded"
    assert (await changes(file))[-1]["whereabouts"]["displaced"] == 4


async def test_those_who_died_are_no_new_displacement(file: Filing) -> None:
    body = household()
    at = (NOON + timedelta(days=9)).isoformat()
    again = {**body, "report_id": str(uuid4()), "occurred_at": at, "reported_at": at}
    await file(body)
    await file(movement(body, "died", member_ids=[body["members"][4]["member_id"]]))
    await file(again)
    assert (await changes(file))[-1]["whereabouts"]["displaced"] == 4
    displaced = {str(row["report_id"]): row["displaced"] for row in await file.rows("episodes")}
    assert displaced == {body["report_id"]: 5, again["report_id"]: 4}


async def test_people_who_are_forced_onward_are_told_as_a_new_displacement(file: Filing) -> None:
    body = household()
    await file(body)
    at = (NOON + timedelta(days=2)).isoformat()
    forced = movement(body, "displaced_again", destination={"pcode": BATKEN}, occurred_at=at, reported_at=at)
    await file(forced)
    assert (await changes(file))[-1]["displacement"] == {
        "report_id": forced["report_id"],
        "movement_id": forced["report_id"],
        "status": "Actual",
        "occurred_on": "2026-06-17",
        "occurred_on_precision": "day",
        "mobility": "displacement",
        "origin": {"pcode": LEILEK},
        "reported_on": "2026-06-17",
    }
    await file({**forced, "version": 2, "is_reversed": True})
    reversed_ = (await changes(file))[-1]
    assert reversed_["displacement"]["origin"] == {"country": "ZZ"}
    assert "whereabouts" not in reversed_


async def test_people_who_are_forced_onward_have_the_ages_of_that_day_in_the_new_displacement(file: Filing) -> None:
    girl = {"member_id": str(uuid4()), "sex": "female", "birth_date": "2020-06-16"}
    body = household(persons=1, members=[girl])
    at = (NOON + timedelta(days=2)).isoformat()
    await file(body)
    await file(movement(body, "displaced_again", destination={"pcode": BATKEN}, occurred_at=at, reported_at=at))
    [first], [onward] = [await file.rows(table) for table in ("episodes", "passages")]
    younger, older = CELL[Sex.FEMALE, AgeBracket.AGE_0_5], CELL[Sex.FEMALE, AgeBracket.AGE_6_11]
    assert [first["sex_age"][younger], onward["sex_age"][older]] == [1, 1]


async def test_a_registrars_early_report_of_a_death_keeps_the_registrars_areas(file: Filing) -> None:
    body = household()
    died = movement(body, "died", member_ids=[body["members"][4]["member_id"]])
    registrar: dict[str, Any] = {"author": uuid4(), "team": uuid4(), "registrar_areas": (LEILEK,)}
    assert await file(died, **registrar) == ["household_unknown"]
    await file(body)
    assert (await changes(file))[-1]["whereabouts"]["displaced"] == 4


async def test_a_new_displacement_ends_the_return(file: Filing) -> None:
    body = household()
    again = {
        **body,
        "report_id": str(uuid4()),
        "occurred_at": (NOON + timedelta(days=9)).isoformat(),
        "reported_at": (NOON + timedelta(days=9)).isoformat(),
    }
    await file(body, movement(body, "returned"))
    await file(again)
    registered = (await changes(file))[-1]
    assert "whereabouts" not in registered
    assert registered["report_id"] == again["report_id"]
