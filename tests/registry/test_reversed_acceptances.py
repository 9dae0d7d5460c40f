"""A registrar reverses an acceptance under a registered household.

After the reversal, each of the two reports has its own household again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from services.registry.households.coded_movements import identify_some
from services.registry.models import AdoptionReversal
from shared.auth.tokens import Role
from shared.events.short_codes import drawn_code
from tests.registry.conftest import Office
from tests.registry.factories import OSH, family, household, movement
from tests.registry.test_acceptances import EXPIRED, OTHER, accept_under, events, twice
from tests.registry.test_event_answers import HAZARD, YES, answer, fled, hazards
from tests.registry.test_event_answers import page as unanswered
from tests.registry.test_waiting import HELD, carried_out, decide, listed, rows, sent

pytestmark = pytest.mark.anyio


async def adopted(office: Office, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await listed(office, path=f"{HELD}:adopted", **more))["adopted"]
    return found


async def reverse(office: Office, *ids: str, role: Role = Role.REGISTRAR, **more: Any) -> list[str]:
    body = {"decision_ids": ids, "reason": "asked"}
    answer = await sent(office, f"{HELD}:reverse", body, role=role, **more)
    assert answer.status_code == 200, answer.text
    async with office.app.state.sessions.begin() as session:
        for reversal in (await session.scalars(select(AdoptionReversal).filter_by(carried_out_at=None))).all():
            reversal.result = await office.registrar.settle_reversal(reversal, session)
            reversal.carried_out_at = datetime.now(UTC)
    changed: list[str] = answer.json()["ids"]
    return changed


async def test_a_reversed_acceptance_gives_both_reports_back(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    [acceptance] = await adopted(office)
    assert (acceptance["household_id"], acceptance["clear"]["persons"]) == (first["household_id"], 6)
    assert await adopted(office, areas=(OSH,)) == []
    decision_id = acceptance["decision_id"]
    assert await reverse(office, decision_id, areas=(OSH,)) == []
    refused = {"decision_ids": [decision_id], "reason": "asked"}
    assert (await sent(office, f"{HELD}:reverse", refused, role=Role.OPERATOR)).status_code == 403
    assert await reverse(office, decision_id) == [decision_id]
    assert await rows(office, "SELECT household_id::text, persons FROM households") == [
        {"household_id": first["household_id"], "persons": 5}
    ]
    total = (await office.get("/v1/statistics/stock?date=2026-06-16", role=Role.ANALYST)).json()["total"]
    assert (total["households"], total["persons"]) == (1, 5)
    [held] = (await listed(office))["reports"]
    assert (held["report_id"], held["reason"], held["is_adoptable"]) == (second["report_id"], "expired_token", True)
    assert (await listed(office, path=f"{HELD}:persons"))["in_households"] == 6
    last = {event["household_id"]: event for event in await events(office, "households")}
    assert (last[first["household_id"]]["persons"], last[second["household_id"]]["is_held"]) == (5, True)
    outcomes = {event["report_id"]: event.get("outcome") for event in await events(office, "outcomes")}
    assert outcomes == {first["report_id"]: "recorded", second["report_id"]: "held"}
    [entry] = await rows(
        office, "SELECT objects, reason FROM audit WHERE action = 'acceptance_reversed' AND result = 'done'"
    )
    assert [*map(str, entry["objects"])] == [first["household_id"], second["report_id"]]
    assert entry["reason"] == "asked"
    assert await adopted(office) == [] and await reverse(office, decision_id) == []
    opened = await listed(office, path=f"{HELD}/{held['outcome_id']}")
    assert opened["report"]["notes"] == "мост снесло"  # the report is encrypted again with the key of its own household
    await decide(office, [held["outcome_id"]], is_accepted=True)
    await carried_out(office)
    assert {row["persons"] for row in await rows(office, "SELECT persons FROM households")} == {5, 6}


async def test_acceptances_are_reversed_in_the_order_from_the_last_to_the_first(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    await office.file(movement(first, "returned"))
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    await office.file({**second, "version": 2, "persons": 7, "members": family(7)}, **OTHER)
    [held] = (await listed(office))["reports"]
    await accept_under(office, held["outcome_id"], first)
    await carried_out(office)
    for persons in (6, 5):
        [acceptance] = await adopted(office)
        assert await reverse(office, acceptance["decision_id"]) == [acceptance["decision_id"]]
        assert await rows(office, "SELECT persons FROM households") == [{"persons": persons}]
        assert await rows(office, "SELECT persons FROM episodes") == [{"persons": persons}]
    reasons = {each["version"]: each["reason"] for each in (await listed(office))["reports"]}
    assert reasons == {1: "expired_token", 2: "waiting"}


async def test_an_acceptance_that_another_report_has_replaced_is_not_reversed(office: Office) -> None:
    first, _, outcome_id = await twice(office)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    [acceptance] = await adopted(office)
    await office.file({**first, "version": 2, "persons": 4, "members": []})
    [held] = (await listed(office))["reports"]
    await decide(office, [held["outcome_id"]], is_accepted=True)
    await carried_out(office)
    assert await adopted(office) == [] and await reverse(office, acceptance["decision_id"]) == []
    assert await rows(office, "SELECT persons FROM households") == [{"persons": 4}]


async def test_a_movement_that_was_accepted_under_a_household_waits_again(office: Office) -> None:
    first = household()
    elsewhere = movement(household(), "returned")
    await office.file(first)
    await office.file(elsewhere, **OTHER)
    [held] = (await listed(office))["reports"]
    await accept_under(office, held["outcome_id"], first)
    await carried_out(office)
    assert await rows(office, "SELECT sub_stock FROM stays WHERE sub_stock = 'in_return'") != []
    [acceptance] = await adopted(office)
    await reverse(office, acceptance["decision_id"])
    assert await rows(office, "SELECT sub_stock FROM stays WHERE sub_stock = 'in_return'") == []
    [again] = (await listed(office))["reports"]
    assert again["reason"] == "household_unknown"


async def test_a_movement_that_is_given_back_is_applied_if_its_household_was_registered_meanwhile(
    office: Office,
) -> None:
    """Two movements were accepted under `first`.

    One movement names its household by id, and the other by short code.
    """
    first, code = household(), drawn_code()
    own, coded = household(), household(short_code=code)
    by_code = movement(coded, "returned", household_code=code)
    del by_code["household_id"]
    await office.file(first)
    await office.file(movement(own, "returned"), by_code, **OTHER)
    for held in (await listed(office))["reports"]:
        await accept_under(office, held["outcome_id"], first)
    await carried_out(office)
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '1 day'"))
    await identify_some(office.app.state.sessions, office.registrar)
    assert await rows(office, "SELECT * FROM coded_movements") == []  # after a day, the code is not compared any more
    await office.file(own, coded)
    await reverse(office, *(acceptance["decision_id"] for acceptance in await adopted(office)))
    await identify_some(office.app.state.sessions, office.registrar)
    assert (await listed(office))["reports"] == []
    in_return = await rows(office, "SELECT household_id::text AS id FROM stays WHERE sub_stock = 'in_return'")
    assert {row["id"] for row in in_return} == {own["household_id"], coded["household_id"]}


async def test_the_correction_of_a_movement_that_is_given_back_finds_its_household_by_the_code_too(
    office: Office,
) -> None:
    """The correction came while the movement belonged to another household. The code was therefore not compared."""
    first, coded = household(), household(short_code=drawn_code())
    by_code = movement(coded, "returned", household_code=coded["short_code"])
    del by_code["household_id"]
    await office.file(first)
    await office.file(by_code, **OTHER)
    [held] = (await listed(office))["reports"]
    await accept_under(office, held["outcome_id"], first)
    await carried_out(office)
    await office.file({**by_code, "version": 2, "persons": 3}, **OTHER)
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '1 day'"))
    await identify_some(office.app.state.sessions, office.registrar)
    await reverse(office, *(acceptance["decision_id"] for acceptance in await adopted(office)))
    await office.file(coded)
    for _ in range(2):
        await identify_some(office.app.state.sessions, office.registrar)
    assert (await listed(office))["reports"] == []
    stays = await rows(office, "SELECT household_id::text AS id, sub_stock, persons FROM stays")
    assert {(row["id"], row["persons"]) for row in stays if row["sub_stock"] == "in_return"} == {
        (coded["household_id"], 3)
    }


async def test_a_movement_by_short_code_that_is_given_back_waits_until_its_household_is_registered(
    office: Office,
) -> None:
    """Both movements came over 60 days ago. The second movement had an expired sign-in."""
    left, came = (datetime.now(UTC) - timedelta(days=days) for days in (90, 61))
    first, coded = (fled(occurred_at=left.isoformat(), short_code=drawn_code()) for _ in range(2))
    moments = {"occurred_at": came.isoformat(), "reported_at": came.isoformat()}
    waiting, expired = (
        movement(coded, kind, household_code=coded["short_code"], **moments) for kind in ("confirmed_here", "returned")
    )
    del waiting["household_id"], expired["household_id"]
    await office.file(first, waiting)
    await office.file(expired, flags=EXPIRED)
    for held in (await listed(office))["reports"]:
        await accept_under(office, held["outcome_id"], first)
    assert await carried_out(office) == ["recorded"] * 2
    async with office.app.state.sessions.begin() as session:
        await session.execute(text("DELETE FROM coded_movements"))
    await reverse(office, *(acceptance["decision_id"] for acceptance in await adopted(office)))
    await identify_some(office.app.state.sessions, office.registrar)
    reasons = {each["reason"] for each in (await listed(office))["reports"]}
    assert reasons == {"household_unknown", "expired_token"}
    await office.file(coded)
    await identify_some(office.app.state.sessions, office.registrar)
    [held] = (await listed(office))["reports"]
    await decide(office, [held["outcome_id"]], is_accepted=True)
    assert await carried_out(office) == ["recorded"]
    moved = await rows(office, "SELECT subject_id::text AS id FROM reports WHERE kind = 'household_movement'")
    assert [row["id"] for row in moved] == [coded["household_id"]] * 2


async def test_the_event_of_a_report_is_asked_again_after_its_acceptance_is_reversed(office: Office) -> None:
    """An answer belongs to a household. The answer is valid only while the report belongs to this household.

    After a second acceptance under this household, the answer is valid again.
    """
    first, second = fled(), fled(persons=6, members=family(6))
    await office.file(first)
    await office.file(second, flags=EXPIRED, **OTHER)
    for is_asked in (True, False):
        [held] = (await listed(office))["reports"]
        await accept_under(office, held["outcome_id"], first)
        await carried_out(office)
        if is_asked:
            assert (await answer(office, YES)).json()["ids"] == [second["report_id"]]
        assert await hazards(office) == [(HAZARD, "mudflow")]
        await reverse(office, *(acceptance["decision_id"] for acceptance in await adopted(office)))
    assert await hazards(office) == [(None, None)]
    [held] = (await listed(office))["reports"]
    await decide(office, [held["outcome_id"]], is_accepted=True)
    await carried_out(office)
    assert await hazards(office) == [(None, None)] * 2
    current = await unanswered(office)
    asked = [report_id for departure in current["departures"] for report_id in departure["report_ids"]]
    assert sorted(asked) == sorted([first["report_id"], second["report_id"]])
    assert current["answered"] == []


async def test_a_report_whose_household_has_other_reports_waits_again_with_its_correction(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    # this movement waits, because the household of the second report is not registered
    await office.file(movement(second, "contact_lost"), **OTHER)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    await office.file({**second, "version": 2, "persons": 7, "members": family(7)}, **OTHER)
    [acceptance] = await adopted(office)
    await reverse(office, acceptance["decision_id"])
    assert await rows(office, "SELECT result FROM adoption_reversals") == [{"result": "reversed"}]
    assert await rows(office, "SELECT persons FROM households") == [{"persons": 5}]
    assert (await listed(office, path=f"{HELD}:persons"))["in_households"] == 7
    last = {event["household_id"]: event for event in await events(office, "households")}
    assert (last[second["household_id"]]["persons"], last[second["household_id"]]["is_held"]) == (7, True)
    held = {each["version"]: each for each in (await listed(office))["reports"] if each["kind"] == "household"}
    assert {version: each["reason"] for version, each in held.items()} == {1: "expired_token", 2: "waiting"}
    await decide(office, [held[1]["outcome_id"]], is_accepted=True)
    await carried_out(office)
    stored = await rows(office, "SELECT persons FROM households ORDER BY persons")
    assert stored == [{"persons": 5}, {"persons": 7}]
    assert (await listed(office))["reports"] == []  # the movement was waiting for the registration of its household


async def test_a_report_waits_again_although_a_movement_of_its_household_has_waited_meanwhile(office: Office) -> None:
    first, second, outcome_id = await twice(office)
    await office.file(movement(second, "contact_lost"), **OTHER)
    await accept_under(office, outcome_id, first)
    await carried_out(office)
    [acceptance] = await adopted(office)
    await reverse(office, acceptance["decision_id"])
    assert {each["reason"] for each in (await listed(office))["reports"]} == {"expired_token", "household_unknown"}
