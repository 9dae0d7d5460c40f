"""A movement may name its household by a short code. The registry finds the household, or the movement waits."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.handlers import Registrar
from services.registry.households.codes import MOST_WRONG, compared, version_of
from services.registry.models import HeldDecision
from services.registry.reports import FiledMovement
from shared.events.short_codes import ALPHABET, MODULUS, folded_code, is_valid
from shared.events.vocabulary import Flag
from shared.postgres import database
from tests.installation import wait_for
from tests.registry.conftest import Filing
from tests.registry.factories import NOON, Desk, household, movement

pytestmark = pytest.mark.anyio

CODE, OTHER_CODE = "7K3M9QXA7", "C9M1WHG7H"


def by_code(code: str, moved: str = "returned", **changed: Any) -> dict[str, Any]:
    body = movement(household(), moved, household_code=code, **changed)
    del body["household_id"]
    return body


async def outcomes_of(file: Filing, body: dict[str, Any]) -> list[tuple[str, str | None]]:
    events = [event for event in await file.events("outcomes") if event["report_id"] == body["report_id"]]
    return [(event.get("outcome", "held"), event.get("reason")) for event in events]


def wrong_codes(count: int) -> list[str]:
    made = (f"{number:08d}" for number in range(10_000_000, 10_000_000 + 2 * count))
    values = ((start, sum(ALPHABET.index(c) * 32**place for place, c in enumerate(reversed(start)))) for start in made)
    valid = [start + ALPHABET[value % MODULUS] for start, value in values if value % MODULUS < len(ALPHABET)]
    return valid[:count]


def test_the_check_symbol_finds_a_mistyped_character_and_two_swapped_characters() -> None:
    assert is_valid(CODE)
    for place, character in enumerate(CODE):
        assert not any(is_valid(CODE[:place] + other + CODE[place + 1 :]) for other in ALPHABET if other != character)
    for place in range(7):
        assert not is_valid(CODE[:place] + CODE[place + 1] + CODE[place] + CODE[place + 2 :])
    assert folded_code(" 7k3-m9q-xa7") == CODE
    assert folded_code("OIL") == "011"


async def test_a_movement_by_short_code_takes_effect_on_the_household_with_the_code(file: Filing) -> None:
    body = household(short_code=CODE)
    await file(body, household(short_code=OTHER_CODE))
    returned = by_code(CODE)
    assert await file(returned, author=uuid4(), team=uuid4()) == ["recorded"]
    [change] = [event for event in await file.events("households") if "whereabouts" in event]
    assert (change["household_id"], change["whereabouts"]["returned"]) == (body["household_id"], 5)
    for table in ("reports", "households", "search_keys", "outbox", "coded_movements"):
        assert CODE not in str(await file.rows(table))
    [outcome] = [event for event in await file.events("outcomes") if event["report_id"] == returned["report_id"]]
    assert body["household_id"] not in str(outcome)


async def test_a_movement_with_an_unknown_code_waits_for_the_household(file: Filing) -> None:
    returned = by_code(CODE)
    assert await file(returned, author=uuid4(), team=None) == ["household_unknown"]
    [waiting] = await file.rows("reports")
    assert await file.registrar.find_households(file.session) == 0
    body = household(short_code=CODE)
    await file(body)
    assert await file.registrar.find_households(file.session) == 1
    assert [
        event["whereabouts"]["returned"] for event in await file.events("households") if "whereabouts" in event
    ] == [5]
    *_, settled = [event for event in await file.events("outcomes") if event["report_id"] == returned["report_id"]]
    assert (settled["outcome"], settled["replaces"]) == ("recorded", str(waiting["outcome_id"]))
    assert await file.rows("coded_movements") == []
    assert {str(row["household_id"]) for row in await file.rows("household_keys")} == {body["household_id"]}
    # a reversal needs the first version, so the worker must be able to decrypt it
    reversal = {**returned, "version": 2, "is_reversed": True}
    assert await file(reversal) == ["recorded"]


async def test_the_codes_of_the_households_in_the_same_batch_are_known(file: Filing) -> None:
    body = household(short_code=CODE)
    assert await file(by_code(CODE), body) == ["recorded", "recorded"]
    [moved] = [event for event in await file.events("households") if "whereabouts" in event]
    assert (moved["household_id"], moved["whereabouts"]["returned"]) == (body["household_id"], 5)
    corrected = {**body, "version": 2, "short_code": OTHER_CODE}
    assert await file(corrected, by_code(OTHER_CODE, "confirmed_here")) == ["recorded", "recorded"]
    assert await file.rows("coded_movements") == []
    assert await file(by_code(OTHER_CODE), household(short_code=OTHER_CODE)) == ["household_unknown", "recorded"]
    # two wrong codes: a movement's code that no household has, and a report's code that another household has
    assert len(await file.rows("coded_movements")) == 2


async def test_codes_are_locked_before_households(
    file: Filing, settings: RegistrySettings, registrar: Registrar, desk: Desk
) -> None:
    """In the opposite order, `find_households` and a batch that gives and uses a code could deadlock."""
    await file(by_code(CODE))  # a movement by short code locks the codes until the test ends
    waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    locked = f"SELECT count(*) FROM pg_locks WHERE mode = 'RowShareLock' AND pid IN ({waiting})"

    async def is_waiting() -> bool:
        return bool((await file.session.execute(text(waiting))).all())

    async with database.opened(settings) as engine, database.sessions(engine)() as other:
        filing = asyncio.create_task(Filing(registrar, desk, other)(household(short_code=CODE), by_code(CODE)))
        await wait_for(is_waiting)
        assert await file.session.scalar(text(locked)) == 0  # while the codes are locked, no household may be locked
        await file.session.rollback()
        assert await filing == ["recorded", "recorded"]


async def test_two_transactions_that_give_one_code_wait_for_each_other(
    file: Filing, settings: RegistrySettings, registrar: Registrar, desk: Desk
) -> None:
    """A code that two households have counts as wrong.

    Without the lock, concurrent transactions would not notice the second household.
    """
    await file(household(short_code=CODE))
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with database.opened(settings) as engine, database.sessions(engine)() as other:
        filing = asyncio.create_task(Filing(registrar, desk, other)(household(short_code=CODE)))
        await wait_for(lambda: file.session.scalar(waiting))
        await file.session.rollback()
        assert await filing == ["recorded"]


@pytest.mark.parametrize("is_accepted_first", [True, False])
async def test_a_movement_of_an_ended_sign_in_finds_its_household_before_or_after_its_acceptance(
    file: Filing, is_accepted_first: bool
) -> None:
    returned, body = by_code(CODE), household(short_code=CODE)

    async def accept() -> str:
        [held] = [row for row in await file.rows("reports") if str(row["report_id"]) == returned["report_id"]]
        decision = HeldDecision(outcome_id=held["outcome_id"], is_accepted=True, is_expiry_only=False)
        return await file.registrar.settle_held(decision, file.session)

    assert await file(returned, flags=[Flag.EXPIRED_TOKEN]) == ["expired_token"]
    assert await file.registrar.find_households(file.session) == 0
    if is_accepted_first:
        assert await accept() == "held"
    await file(body)
    assert await file.registrar.find_households(file.session) == 1
    if not is_accepted_first:
        assert await accept() == "recorded"
    assert await file.rows("coded_movements") == []
    [moved] = [event for event in await file.events("households") if "whereabouts" in event]
    assert moved["whereabouts"]["returned"] == 5


async def test_a_movement_that_was_decided_about_for_the_household_with_its_id_keeps_this_household(
    file: Filing,
) -> None:
    died = by_code(CODE, "died", persons=1)
    assert await file(died) == ["household_unknown"]
    later = dict.fromkeys(("occurred_at", "reported_at"), "2026-07-05T06:00:00Z")
    own = {**household(), "household_id": died["report_id"], **later}
    await file(own)
    [stored] = [row for row in await file.rows("reports") if str(row["report_id"]) == died["report_id"]]
    assert stored["reason"] == "before_departure"
    await file(household(short_code=CODE), author=uuid4(), team=uuid4())
    assert await file.registrar.find_households(file.session) == 0
    [stored] = [row for row in await file.rows("reports") if str(row["report_id"]) == died["report_id"]]
    assert str(stored["subject_id"]) == died["report_id"]


async def test_a_code_of_two_households_finds_neither(file: Filing) -> None:
    await file(household(short_code=CODE), household(short_code=CODE))
    assert await file(by_code(CODE)) == ["household_unknown"]
    assert await file.registrar.find_households(file.session) == 0


async def test_households_with_guessed_codes_of_others_count_as_wrong_codes_of_their_author(file: Filing) -> None:
    codes, author = wrong_codes(MOST_WRONG), uuid4()
    victims = [household(short_code=code) for code in codes]
    await file(*victims)
    guess = household(short_code=codes[0])
    await file(guess, author=author, team=None)
    # the code is the same, so it is not counted a second time
    await file({**guess, "version": 2, "needs": ["food"]}, author=author, team=None)
    corrections = [{**guess, "version": 2 + number, "short_code": code} for number, code in enumerate(codes) if number]
    assert set(await file(*corrections, author=author, team=None)) == {"recorded"}
    assert len(await file.rows("coded_movements")) == MOST_WRONG
    own = household(short_code=CODE)
    assert await file(own, by_code(CODE), author=author, team=None) == ["recorded", "household_unknown"]
    assert await file({**victims[1], "version": 2, "needs": ["food"]}, by_code(CODE)) == ["recorded", "recorded"]
    await file.registrar.find_households(file.session)
    assert len(await file.rows("coded_movements")) == MOST_WRONG + 1
    await file.session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '61 minutes'"))
    assert await file.registrar.find_households(file.session) == 1
    assert await file.rows("coded_movements") == []


async def test_a_code_that_stays_wrong_is_refused_and_can_be_corrected(file: Filing) -> None:
    author = uuid4()
    returned, body = by_code(CODE), household(short_code=OTHER_CODE)
    await file(returned, body, author=author, team=None)
    await file(by_code(CODE), flags=[Flag.EXPIRED_TOKEN])  # held, because the sign-in has expired
    await file.session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '59 days'"))
    assert await file.registrar.find_households(file.session) == 0
    assert await outcomes_of(file, returned) == [("held", "household_unknown")]
    await file.session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '1 day 1 minute'"))
    assert await file.registrar.find_households(file.session) == 0
    assert await outcomes_of(file, returned) == [("held", "household_unknown"), ("rejected", "code_unknown")]
    assert sorted(row["reason"] or "" for row in await file.rows("reports")) == ["", "code_unknown", "expired_token"]
    await file.registrar.find_households(file.session)
    assert len(await file.rows("coded_movements")) == 1  # the held movement with the expired sign-in
    corrected = {**returned, "version": 2, "household_code": OTHER_CODE}
    assert await file(corrected, author=author, team=None) == ["recorded"]


async def test_a_correction_of_the_code_settles_the_version_with_the_wrong_code(file: Filing) -> None:
    await file(household(short_code=CODE))
    returned = by_code(OTHER_CODE)
    assert await file(returned) == ["household_unknown"]
    assert await file({**returned, "version": 2, "household_code": CODE}) == ["recorded"]
    outcomes = {row["version"]: (row["outcome"], row["reason"]) for row in await file.rows("reports") if row["version"]}
    assert outcomes[2] == ("recorded", None)
    [first] = [
        row
        for row in await file.rows("reports")
        if str(row["report_id"]) == returned["report_id"] and row["version"] == 1
    ]
    assert (first["outcome"], first["reason"]) == ("merged", "older_version")
    assert await file.registrar.find_households(file.session) == 0


async def test_corrected_codes_count_until_the_hour_has_passed(file: Filing) -> None:
    author, own = uuid4(), household()
    await file(household(short_code=CODE), own)
    guesses = [by_code(code) for code in wrong_codes(MOST_WRONG)]
    await file(*guesses, author=author, team=None)
    named = ({**guess, "version": 2, "household_id": own["household_id"]} for guess in guesses)
    corrected = [{name: value for name, value in body.items() if name != "household_code"} for body in named]
    assert "household_unknown" not in await file(*corrected, author=author, team=None)
    assert await file.registrar.find_households(file.session) == 0
    assert await file(by_code(CODE), author=author, team=None) == ["household_unknown"]
    await file.session.execute(text("UPDATE coded_movements SET wrong_at = wrong_at - interval '61 minutes'"))
    assert await file.registrar.find_households(file.session) == 1
    assert await file.rows("coded_movements") == []


async def test_after_20_wrong_codes_within_an_hour_a_right_code_waits_for_the_end_of_the_hour(file: Filing) -> None:
    author, other, now = uuid4(), uuid4(), datetime.now(NOON.tzinfo)
    await file(household(short_code=CODE))
    await file(*(by_code(code) for code in wrong_codes(19)), author=other, team=None)
    for codes in (wrong_codes(20)[:5], wrong_codes(20)[5:]):
        await file(*(by_code(code) for code in codes), author=author, team=None)
    assert await file(by_code(CODE), author=author, team=None) == ["household_unknown"]
    # another account has sent one wrong code less, and does not wait
    assert await file(by_code(CODE), author=other, team=None) == ["recorded"]
    assert await file.registrar.find_households(file.session) == 0
    earlier = {"then": now - timedelta(minutes=61)}
    await file.session.execute(text("UPDATE coded_movements SET wrong_at = :then WHERE wrong_at IS NOT NULL"), earlier)
    assert await file.registrar.find_households(file.session) == 1


def test_codes_are_counted_in_order_and_a_code_that_was_counted_is_not_counted_again(desk: Desk) -> None:
    right, wrong = by_code(CODE), [by_code(code) for code in wrong_codes(3)]
    filed = [desk.received(body, author=uuid4()).opened for body in (*wrong, right)]
    for each in filed:
        each.author = filed[0].author
    assert all(isinstance(each, FiledMovement) for each in filed)
    households, counted = {CODE: "a"}, {filed[0].author: MOST_WRONG - 2}
    first = compared(filed, households, counted)
    assert [(each.household_id, each.is_paused) for each in first] == [
        (None, False),
        (None, False),
        (None, True),
        (None, True),
    ]
    again = compared(filed, households, counted, counted={version_of(each) for each in filed[:2]})
    assert [(each.household_id, each.is_paused) for each in again] == [
        (None, False),
        (None, False),
        (None, False),
        ("a", False),
    ]
