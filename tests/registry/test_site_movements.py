"""Tests movements of everybody at a site.

A movement of everybody moves all households and groups at the site, in any order of arrival. A reversal undoes the
whole movement.
"""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry import handlers
from services.registry.sites import movements as site_movements
from services.registry.sites.movements import apply_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.installation import wait_for
from tests.registry.conftest import AUTHOR, Filing, Office
from tests.registry.conftest import TEAM as TEAM_OF_OFFICE
from tests.registry.factories import BATKEN, KADAMJAI, NOON, Desk, group, household, movement
from tests.registry.test_sites import occupancy, saved

SCHOOL, CAMP = "0b3f7a52-6d1e-4c98-8f20-5a7c9e1d3b46", "4e8a1c93-7b25-4d60-9f3e-2c6d8b0a5f17"
OTHERS: dict[str, Any] = {"author": uuid4(), "team": uuid4()}
REGISTRAR: dict[str, Any] = {"flags": (Flag.REGISTRAR_OF_COUNTRY,)}


def moved(site_id: str, kind: str, days: float = 1, **changed: Any) -> dict[str, Any]:
    at = (NOON + timedelta(days=days)).isoformat()
    return movement({"kind": "site", "site_id": site_id}, kind, occurred_at=at, reported_at=at, **changed)


def transferred(of: dict[str, Any], site_id: str, days: float = 1) -> dict[str, Any]:
    at = (NOON + timedelta(days=days)).isoformat()
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": site_id}
    return movement(of, "transferred", occurred_at=at, reported_at=at, **place)


async def displaced(file: Filing) -> dict[str, int]:
    newest: dict[str, dict[str, Any]] = {}
    for event in [*await file.events("households"), *await file.events("groups")]:
        if "is_held" not in event:
            newest[event.get("household_id") or event["report_id"]] = event
    persons = {id: event.get("whereabouts", {}).get("displaced", event["persons"]) for id, event in newest.items()}
    return {id: number for id, number in persons.items() if number}


anyio = pytest.mark.anyio


@anyio
async def test_everybody_at_a_site_returns(file: Filing) -> None:
    here, elsewhere = [household(site_id=SCHOOL) for _ in range(3)], household(site_id=CAMP)
    counted = group(site_id=SCHOOL, persons=40)
    await file(*here, elsewhere, counted)
    assert await file(moved(SCHOOL, "returned")) == ["recorded"]
    assert await displaced(file) == {elsewhere["household_id"]: 5}
    stays = await file.rows("stays")
    assert [(row["sub_stock"], row["destination_pcode"], row["persons"]) for row in stays] == 3 * [
        ("in_return", KADAMJAI, 5)
    ]
    outcomes = await file.events("outcomes")
    assert [event["kind"] for event in outcomes] == ["household"] * 4 + ["group", "site_movement"]


@anyio
async def test_the_whole_movement_is_reversed_by_one_report(file: Filing) -> None:
    here, counted = household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    returned = moved(SCHOOL, "returned")
    await file(here, counted)
    await file(returned)
    await file({**returned, "version": 2, "is_reversed": True})
    assert await displaced(file) == {here["household_id"]: 5, counted["report_id"]: 40}
    assert (await file.rows("stays"), await file.rows("passages"), await file.rows("group_stays")) == ([], [], [])


@anyio
async def test_a_household_that_is_reported_later_was_there(file: Filing) -> None:
    await file(moved(SCHOOL, "returned"), **REGISTRAR)
    await file(household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40))
    assert await displaced(file) == {}


@anyio
@pytest.mark.parametrize(("precision", "hours"), [("day", 96), ("hour", 5)])
async def test_who_is_reported_at_a_site_after_its_movement_stays(file: Filing, precision: str, hours: float) -> None:
    here = household(site_id=SCHOOL)
    await file(here)
    returned = moved(SCHOOL, "returned", days=2, occurred_at_precision=precision)
    await file(returned)
    reported_at = (NOON + timedelta(days=2, hours=hours)).isoformat()
    fled = household(site_id=SCHOOL, reported_at=reported_at)
    same_day = household(site_id=SCHOOL, reported_at=reported_at, occurred_at=returned["occurred_at"])
    came = household(site_id=CAMP)
    await file(fled, same_day, came, transferred(came, SCHOOL, days=2 + hours / 24))
    everybody = {body["household_id"]: 5 for body in (fled, same_day, came)}
    assert await displaced(file) == everybody
    # this report is a correction, and not the family's first report
    await file({**here, "version": 2, "reported_at": reported_at})
    assert await displaced(file) == everybody


@anyio
async def test_everybody_at_a_site_intends_to_stay(file: Filing) -> None:
    """Nobody leaves the site, so every team may report this intention.

    The report also confirms that the people are at the site.
    """
    here, counted = household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    await file(here, counted)
    assert await file(moved(SCHOOL, "intends_to_stay", days=3), **OTHERS) == ["recorded"]
    assert await displaced(file) == {here["household_id"]: 5, counted["report_id"]: 40}
    [stay] = await file.rows("stays")
    assert (stay["sub_stock"], stay["confirmed_at"]) == ("in_displacement", NOON + timedelta(days=3))


@anyio
async def test_only_those_who_are_there_on_the_day_move(file: Filing) -> None:
    came, went = household(site_id=CAMP), household(site_id=SCHOOL)
    await file(came, went)
    await file(transferred(came, SCHOOL, days=2), transferred(went, CAMP, days=2))
    await file(moved(SCHOOL, "returned", days=3))
    assert await displaced(file) == {went["household_id"]: 5}
    # a day after the departure, `went` was still at the school, and `came` was not there yet
    await file(moved(SCHOOL, "settled_elsewhere", days=1))
    assert await displaced(file) == {went["household_id"]: 5}
    settled = [row["household_id"] for row in await file.rows("stays") if row["sub_stock"] == "in_settlement"]
    assert settled == [UUID(went["household_id"])]


@anyio
async def test_everybody_is_transferred_to_another_site(file: Filing) -> None:
    here, counted = household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    await file(here, counted)
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": CAMP}
    await file(moved(SCHOOL, "transferred", days=1, **place))
    assert (await file.events("groups"))[-1]["site_id"] == CAMP
    assert (await file.events("households"))[-1]["destination"] == {"pcode": BATKEN}
    await file(moved(CAMP, "returned", days=2))
    assert await displaced(file) == {}


@anyio
async def test_each_household_that_is_forced_onward_has_a_displacement_of_its_own(file: Filing) -> None:
    await file(household(site_id=SCHOOL), household(site_id=SCHOOL))
    again = moved(SCHOOL, "displaced_again", destination={"pcode": BATKEN})
    await file(again)
    reported = [event["displacement"]["report_id"] for event in (await file.events("households"))[2:]]
    assert len({*reported, again["report_id"]}) == 3


@anyio
async def test_a_site_is_moved_in_parts_of_a_bounded_size(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "AT_ONCE", 2)
    here, late = [household(site_id=SCHOOL) for _ in range(5)], household(site_id=SCHOOL)
    await office.file(*here)
    sessions, desk = office.app.state.sessions, Desk(office.installation.secrets / "seal")
    batch = [desk.received(body, author=AUTHOR, team=TEAM_OF_OFFICE) for body in (late, moved(SCHOOL, "returned"))]
    async with sessions.begin() as session:
        await office.registrar.file_reports(batch, session)
    assert [await apply_some(sessions, office.registrar) for _ in range(4)] == [2, 2, 1, 0]
    async with sessions() as session:
        file = Filing(office.registrar, desk, session)
        assert await displaced(file) == {}
        assert sorted(event["sequence"] for event in await file.events("households")) == [1] * 6 + [2] * 5


@anyio
async def test_a_movement_of_a_site_wakes_the_worker(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_movements, "IDLE_SECONDS", 600)
    here, sessions = household(site_id=SCHOOL), office.app.state.sessions
    await office.file(here)
    worker = asyncio.create_task(site_movements.keep_applied(sessions.kw["bind"], office.registrar))
    listening = "query LIKE 'LISTEN%_site_movements%' AND state = 'idle' AND datname = current_database()"
    listening = f"SELECT count(*) FROM pg_stat_activity WHERE {listening}"
    await wait_for(lambda: counted(office, listening))
    desk = Desk(office.installation.secrets / "seal")
    async with sessions.begin() as session:
        moves = desk.received(moved(SCHOOL, "returned"), author=AUTHOR, team=TEAM_OF_OFFICE)
        await office.registrar.file_reports([moves], session)
    stays = f"SELECT count(*) FROM stays WHERE household_id = '{here['household_id']}'"
    await wait_for(lambda: counted(office, stays))
    worker.cancel()
    await asyncio.wait([worker])


async def counted(office: Office, query: str) -> bool:
    async with office.app.state.sessions() as session:
        return bool(await session.scalar(text(query)))


@anyio
async def test_the_people_at_a_site_are_the_newest_count_and_later_movements(office: Office) -> None:
    await saved(office, UUID(SCHOOL), role=Role.REGISTRAR)
    await saved(office, UUID(CAMP), role=Role.REGISTRAR, name_ru="Лагерь", name_ky="Лагерь", type="tent_camp")
    at = {"destination": {"pcode": BATKEN}, "site_id": SCHOOL, "is_full_recount": True}
    first = group(**at, persons=70, counted_at=NOON.isoformat(), reported_at=NOON.isoformat(), sex_age=[])
    anywhere = {"origin": {"country": "ZZ"}, "counted_at": (NOON + timedelta(hours=5)).isoformat()}
    everybody = group(**at, **anywhere, persons=210, reported_at=anywhere["counted_at"], sex_age=[])
    await office.file(first, everybody)
    assert await people_at(office) == [210, 0]
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": CAMP}
    await office.file(movement(first, "transferred", persons=30, **place))
    assert await people_at(office) == [180, 30]
    await office.file(moved(SCHOOL, "returned", days=3))
    assert await people_at(office) == [0, 30]


@anyio
async def test_people_who_were_transferred_are_shown_with_the_report_of_their_movement(office: Office) -> None:
    await saved(office, UUID(CAMP), role=Role.REGISTRAR, name_ru="Лагерь", name_ky="Лагерь", type="tent_camp")
    counted = group(site_id=SCHOOL, persons=70, is_full_recount=True)
    await office.file(counted)
    transfer = movement(counted, "transferred", persons=30, **TO_CAMP)
    await office.file(transfer)
    found = await occupancy(office, UUID(CAMP))
    assert (found["highest"], found["reports"], found["has_partial_counts"]) == (30, [transfer["report_id"]], False)


@anyio
async def test_the_steps_of_one_transaction_are_bounded(file: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handlers, "STEPS_AT_ONCE", 4)
    await file(*(household(site_id=SCHOOL) for _ in range(3)))
    await file(moved(SCHOOL, "confirmed_here", 1))
    batch = [file.desk.received(moved(SCHOOL, "returned", 3), author=AUTHOR, team=TEAM_OF_OFFICE)]
    await file.registrar.file_reports(batch, file.session)
    assert [await file.registrar.judge_noted(file.session) for _ in range(3)] == [2, 1, 0]
    assert await displaced(file) == {}


@anyio
async def test_a_report_applies_the_movement_for_which_its_household_is_noted(file: Filing) -> None:
    """Either the worker or the household's next report applies the movement.

    In both cases, the movement takes effect only once.
    """
    here, other = household(site_id=SCHOOL), household(site_id=SCHOOL)
    await file(here, other)
    returned = file.desk.received(moved(SCHOOL, "returned"), author=AUTHOR, team=TEAM_OF_OFFICE)
    lost = file.desk.received(movement(here, "contact_lost"), author=AUTHOR, team=TEAM_OF_OFFICE)
    await file.registrar.file_reports([returned], file.session)
    await file.registrar.file_reports([lost], file.session)
    assert await displaced(file) == {other["household_id"]: 5}
    assert await file.registrar.judge_noted(file.session) == 1
    assert await displaced(file) == {}
    assert [event["sequence"] for event in await file.events("households")] == [1, 1, 2, 2]


@anyio
async def test_who_was_forced_onward_with_a_site_has_a_new_displacement_also_if_the_worker_is_late(
    file: Filing,
) -> None:
    await file(household(site_id=SCHOOL))
    again = moved(SCHOOL, "displaced_again", destination={"pcode": BATKEN})
    for number, body in enumerate((again, {**again, "version": 2, "is_reversed": True})):
        await file(body)
        told = (await file.events("households"))[-1]
        assert (told["displacement"]["report_id"] != again["report_id"], told["sequence"]) == (True, 2 + number)
    assert await file.rows("passages") == []


@anyio
async def test_a_movement_that_changes_nothing_for_a_household_writes_nothing(file: Filing) -> None:
    reported_at = (NOON + timedelta(days=5)).isoformat()
    await file(household(site_id=SCHOOL, reported_at=reported_at))
    await file.session.execute(text("DELETE FROM uncompared_households"))
    before = await file.rows("households")
    await file(moved(SCHOOL, "returned", 1))
    assert await file.rows("households") == before
    await file(moved(SCHOOL, "returned", 6))
    assert [row["row_version"] for row in await file.rows("households")] == [2]
    assert await file.rows("uncompared_households") == []


TO_CAMP: dict[str, Any] = {"destination": {"pcode": BATKEN}, "destination_site_id": CAMP}


@anyio
async def test_people_who_were_counted_again_after_everybody_move_once(office: Office) -> None:
    await saved(office, UUID(SCHOOL), role=Role.REGISTRAR)
    await saved(office, UUID(CAMP), role=Role.REGISTRAR, name_ru="Лагерь", name_ky="Лагерь", type="tent_camp")

    def counted(persons: int, hours: int, **changed: Any) -> dict[str, Any]:
        at = (NOON + timedelta(hours=hours)).isoformat()
        site = {"destination": {"pcode": BATKEN}, "site_id": SCHOOL, "is_full_recount": True}
        return group(**site, persons=persons, counted_at=at, reported_at=at, sex_age=[], households=None, **changed)

    await office.file(counted(70, 0), counted(210, 2, origin={"country": "ZZ"}), counted(80, 5))
    assert await people_at(office) == [220, 0]
    await office.file(moved(SCHOOL, "transferred", **TO_CAMP))
    assert await people_at(office) == [0, 220]
    async with office.app.state.sessions() as session:
        left = text("SELECT site_id::text, sum(displaced) FROM counts WHERE superseded_by IS NULL GROUP BY 1")
        assert {row.site_id: row.sum for row in await session.execute(left)} == {SCHOOL: 0, CAMP: 220}
        persons = text("SELECT sum(persons) FROM counts WHERE movement_id IS NOT NULL")
        assert await session.scalar(persons) == 220


async def people_at(office: Office) -> list[int]:
    known = [await occupancy(office, UUID(site_id)) for site_id in (SCHOOL, CAMP)]
    return [found["highest"] if found else 0 for found in known]
