"""Tests two effects of a group's movement: how many people remain in each count, and where the others are counted."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.auth.tokens import Role
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, group, movement

EVENING = datetime(2022, 5, 5, 15, tzinfo=UTC)
SCHOOL = {"destination_locality": "Мектеп № 3", "shelter": "collective_centre", "destination": {"pcode": BATKEN}}
TO_LEILEK = {"destination": {"pcode": LEILEK}, "destination_locality": "Лагерь", "shelter": "tent"}


def counted(hours: float, persons: int, **changed: Any) -> dict[str, Any]:
    at = (EVENING + timedelta(hours=hours)).isoformat()
    body = {**SCHOOL, "persons": persons, "is_full_recount": True, "counted_at": at, "reported_at": at, "sex_age": []}
    return group(**{**body, "households": None, "occurred_at": "2022-05-05T06:00:00Z", **changed})


def moved(of: dict[str, Any], kind: str, hours: float, **changed: Any) -> dict[str, Any]:
    at = (EVENING + timedelta(hours=hours)).isoformat()
    return movement(of, kind, **{"occurred_at": at, "reported_at": at, "occurred_at_precision": "hour", **changed})


async def here(file: Filing) -> dict[str, list[int]]:
    newest: dict[str, dict[str, Any]] = {}
    for event in sorted(await file.events("groups"), key=lambda event: event["sequence"]):
        newest[event["report_id"]] = event
    result = defaultdict[str, list[int]](list)
    for event in newest.values():
        persons = event.get("whereabouts", {}).get("displaced", event["persons"])
        if "superseded_by" not in event and persons:
            result[event["destination"]["pcode"]].append(persons)
    return {pcode: sorted(numbers) for pcode, numbers in result.items()}


pytest_anyio = pytest.mark.anyio


@pytest_anyio
async def test_a_part_of_a_group_returns(file: Filing) -> None:
    body = counted(0, 70, households=20)
    await file(body)
    assert await file(moved(body, "returned", 10, persons=30)) == ["recorded"]
    assert await here(file) == {BATKEN: [40]}
    [first, second] = await file.events("groups")
    assert "whereabouts" not in first
    assert (second["persons"], second["households"], second["report_id"]) == (70, 20, body["report_id"])
    whereabouts = {"displaced": 40, "returned": 30, "settled": 0, "confirmed_on": "2022-05-06"}
    assert second["whereabouts"] == {**whereabouts, "is_return_presumed": False}
    await file(moved(body, "returned", 20))
    assert await here(file) == {}


@pytest_anyio
async def test_people_who_are_transferred_are_a_count_at_their_new_place(file: Filing) -> None:
    body = counted(0, 70, origin_locality="Тобей")
    await file(body)
    await file(moved(body, "transferred", 10, persons=30, **TO_LEILEK))
    assert await here(file) == {BATKEN: [40], LEILEK: [30]}
    arrived = (await file.events("groups"))[-1]
    assert (arrived["destination_locality"], arrived["shelter"]) == ("Лагерь", "tent")
    assert (arrived["origin"], arrived["origin_locality"]) == ({"pcode": KADAMJAI}, "Тобей")
    await file(moved(body, "returned", 20))
    assert await here(file) == {}


@pytest_anyio
async def test_people_who_are_forced_onward_are_displaced_from_the_place_that_they_left(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    await file(moved(body, "displaced_again", 48, **TO_LEILEK))
    arrived = (await file.events("groups"))[-1]
    assert (arrived["origin"], arrived["origin_locality"]) == ({"pcode": BATKEN}, "Мектеп № 3")
    assert (arrived["occurred_on"], arrived["persons"]) == ("2022-05-07", 70)


@pytest_anyio
async def test_a_later_full_recount_replaces_what_was_left_and_those_who_came(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    await file(moved(body, "transferred", 10, persons=30, **TO_LEILEK))
    await file(counted(20, 45))
    assert await here(file) == {BATKEN: [45], LEILEK: [30]}
    await file(counted(21, 28, **TO_LEILEK))
    assert await here(file) == {BATKEN: [45], LEILEK: [28]}


@pytest_anyio
async def test_a_recount_under_another_id_is_of_the_same_people(file: Filing) -> None:
    """A phone gives each count its own group id. A movement may therefore name the group id of an earlier count."""
    first, second = counted(0, 70), counted(10, 60)
    await file(first, second)
    await file(moved(first, "returned", 20, persons=20))
    assert await here(file) == {BATKEN: [40]}


@pytest_anyio
async def test_a_recount_that_comes_late_takes_over_the_movement(file: Filing) -> None:
    first = counted(0, 70)
    await file(first)
    await file(moved(first, "transferred", 20, persons=20, **TO_LEILEK))
    await file(counted(10, 60), author=uuid4(), team=uuid4())
    assert await here(file) == {BATKEN: [40], LEILEK: [20]}


@pytest_anyio
async def test_if_teams_disagree_the_people_leave_both_counts_and_arrive_once(file: Filing) -> None:
    first = counted(0, 100)
    await file(first)
    await file(counted(2, 130), author=uuid4(), team=uuid4())
    await file(moved(first, "transferred", 10, persons=20, **TO_LEILEK))
    assert await here(file) == {BATKEN: [80, 110], LEILEK: [20]}


@pytest_anyio
async def test_more_people_than_were_counted_leave_nobody(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    assert await file(moved(body, "returned", 10, persons=90)) == ["recorded"]
    assert await here(file) == {}


@pytest_anyio
async def test_a_transfer_to_the_place_where_the_people_are_already_changes_nothing_and_says_so(file: Filing) -> None:
    body = counted(0, 70)
    there = moved(body, "transferred", 10, **{**SCHOOL, "shelter": "unknown"})
    await file(body)
    assert await file(there) == ["same_place"]
    assert await here(file) == {BATKEN: [70]}
    away, back = moved(body, "transferred", 20, **TO_LEILEK), moved(body, "transferred", 30, **SCHOOL)
    assert await file(away, back) == ["recorded", "recorded"]
    assert await file(moved(body, "transferred", 40, **SCHOOL)) == ["same_place"]
    assert await here(file) == {BATKEN: [70]}
    assert await outcomes(file, there) == [("noted", "same_place")]


@pytest_anyio
async def test_an_earlier_transfer_that_comes_later_changes_the_outcome_of_a_transfer_back(file: Filing) -> None:
    body = counted(0, 70)
    back = moved(body, "transferred", 20, **SCHOOL)
    away = moved(body, "transferred", 10, **TO_LEILEK)
    await file(body, back)
    await file(away)
    await file({**away, "version": 2, "is_reversed": True})
    assert await outcomes(file, back) == [("noted", "same_place"), ("recorded", None), ("noted", "same_place")]
    assert await here(file) == {BATKEN: [70]}


async def outcomes(file: Filing, report: dict[str, Any]) -> list[tuple[str, str | None]]:
    events = [event for event in await file.events("outcomes") if event["report_id"] == report["report_id"]]
    return [(event["outcome"], event.get("reason")) for event in events]


@pytest_anyio
async def test_a_reversed_movement_never_happened(file: Filing) -> None:
    body = counted(0, 70)
    transfer = moved(body, "transferred", 10, persons=30, **TO_LEILEK)
    await file(body)
    await file(transfer)
    await file({**transfer, "version": 2, "is_reversed": True})
    assert await here(file) == {BATKEN: [70]}
    assert len(await file.rows("counts")) == 1
    assert await file.rows("group_stays") == []


@pytest_anyio
async def test_a_movement_waits_for_its_group_and_for_a_count_before_it(file: Filing) -> None:
    body = counted(0, 70)
    early, wrong = moved(body, "returned", 10), moved(body, "returned", -10)
    assert await file(early) == ["household_unknown"]
    await file(body)
    assert await here(file) == {}
    assert await file(wrong) == ["before_count"]
    assert await file({**moved(body, "returned", 10), "status": "Exercise"}) == ["other_status"]


@pytest_anyio
async def test_people_leave_the_country_only_by_the_groups_team_or_a_registrar(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    assert await file(moved(body, "left_country", 10), author=uuid4(), team=uuid4()) == ["removal_by_other_team"]
    assert await here(file) == {BATKEN: [70]}
    assert await file(moved(body, "left_country", 10)) == ["recorded"]
    assert await here(file) == {}


@pytest_anyio
async def test_figures_follow_the_movements_day_by_day(office: Office) -> None:
    async def persons(day: str, sub_stock: str, sex: str = "") -> dict[str, int]:
        path = f"/v1/statistics/stock?date={day}&sub_stock={sub_stock}&sex={sex}"
        answer = await office.get(path, role=Role.ANALYST)
        return {row["pcode"]: row["group_persons"] for row in answer.json()["rows"]}

    body = counted(0, 70, sex_age=[{"sex": "female", "age": "0-5", "count": 20}])
    await office.file(body)
    await office.file(moved(body, "returned", 24, persons=30), moved(body, "transferred", 48, persons=15, **TO_LEILEK))
    assert await persons("2022-05-05", "in_displacement") == {BATKEN: 70}
    assert await persons("2022-05-05", "in_displacement", sex="female") == {BATKEN: 20}
    assert await persons("2022-05-06", "in_displacement") == {BATKEN: 40}
    # nobody knows who returned, so the sex of the people becomes unknown
    assert await persons("2022-05-06", "in_displacement", sex="female") == {}
    assert await persons("2022-05-06", "in_return") == {KADAMJAI: 30}
    assert await persons("2022-05-07", "in_displacement") == {BATKEN: 25, LEILEK: 15}
    await office.file(counted(72, 20))
    assert await persons("2022-05-08", "in_displacement") == {BATKEN: 20, LEILEK: 15}
    assert await persons("2022-05-07", "in_displacement") == {BATKEN: 25, LEILEK: 15}
    assert await persons("2022-05-08", "in_return") == {KADAMJAI: 30}


@pytest_anyio
async def test_people_of_a_group_die_and_enter_the_country_again(file: Filing) -> None:
    """Of 70 people, 2 die and 30 leave the country. Later, 20 of the 30 come back.

    The reports arrive in the opposite order of the events.
    """
    body = counted(0, 70)
    died, left = moved(body, "died", 1, persons=2), moved(body, "left_country", 2, persons=30)
    back = moved(body, "entered_country", 3, persons=20, **TO_LEILEK)
    for report in (back, left, died, moved(body, "intends_to_stay", 4, persons=5), body):
        await file(report)
    assert await here(file) == {BATKEN: [38], LEILEK: [20]}
    await file({**died, "version": 2, "is_reversed": True})
    assert await here(file) == {BATKEN: [40], LEILEK: [20]}
    await file({**back, "version": 2, "persons": 50})
    assert await here(file) == {BATKEN: [40], LEILEK: [30]}  # not 50: only 30 people had left


@pytest_anyio
async def test_an_assessed_solution_takes_people_of_a_group_out_of_the_stock(file: Filing) -> None:
    """Of 70 people 30 return.

    A solution is assessed for 60 of the 70 people. Later, 25 of the 60 are displaced again.
    """
    body = counted(0, 70)
    returned, solved = moved(body, "returned", 1, persons=30), moved(body, "solution_assessed", 2, persons=60)
    await file(body)
    assert await file(moved(body, "solution_assessed", 2), author=uuid4(), team=uuid4()) == ["removal_by_other_team"]
    await file(solved)
    assert await here(file) == {BATKEN: [10]}
    await file(returned)
    # 40 displaced people and 20 returned people left the stock
    assert await here(file) == {}
    await file(moved(body, "displaced_again", 9, persons=35, **TO_LEILEK))
    assert {pcode: sum(numbers) for pcode, numbers in (await here(file)).items()} == {LEILEK: 35}


@pytest_anyio
async def test_a_new_origin_of_people_who_moved_is_published(file: Filing) -> None:
    body = counted(0, 70, is_full_recount=False)
    await file(body)
    await file(moved(body, "transferred", 20, persons=30, **TO_LEILEK))
    [part] = await origins(file)
    await file({**body, "version": 2, "origin": {"pcode": OSH}})
    assert await origins(file) == {part: OSH}


async def origins(file: Filing) -> dict[str, str]:
    events = [event for event in await file.events("groups") if event["destination"] == {"pcode": LEILEK}]
    return {event["report_id"]: event["origin"]["pcode"] for event in events if event["persons"]}
