"""Tests movements of a whole site.

They move all households and groups there, in any order of arrival, and are reversed as a whole.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry import decisions, handlers
from services.registry.decisions import SITE
from services.registry.models import HeldDecision
from services.registry.reports import AnyFiled
from services.registry.sites import movements as site_movements
from services.registry.sites.movements import apply_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.installation import wait_for
from tests.registry.conftest import AUTHOR, Filing, Office
from tests.registry.conftest import TEAM as TEAM_OF_OFFICE
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, Desk, family, group, household, movement
from tests.registry.filing import filed_from, working_set_of
from tests.registry.test_sites import occupancy, saved

SCHOOL, CAMP = "0b3f7a52-6d1e-4c98-8f20-5a7c9e1d3b46", "4e8a1c93-7b25-4d60-9f3e-2c6d8b0a5f17"
TEAM = str(uuid4())
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
    """Maps each registered household or count to the number of people who are still displaced."""
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
    # this is a correction, and not the first report of the family
    await file({**here, "version": 2, "reported_at": reported_at})
    assert await displaced(file) == everybody


@anyio
async def test_a_team_that_reported_nobody_at_a_site_cannot_empty_it(file: Filing) -> None:
    here, counted = household(site_id=SCHOOL), group(site_id=CAMP, persons=40)
    await file(here, counted)
    returned = moved(SCHOOL, "returned")
    assert await file(returned, moved(CAMP, "settled_elsewhere"), **OTHERS) == ["whole_site"] * 2
    assert await displaced(file) == {here["household_id"]: 5, counted["report_id"]: 40}
    assert await file(moved(SCHOOL, "confirmed_here"), **OTHERS) == ["recorded"]
    assert await file({**returned, "version": 2}, household(site_id=SCHOOL), **OTHERS) == ["whole_site", "recorded"]
    assert await file(moved(SCHOOL, "returned"), moved(CAMP, "returned", 2), **OTHERS) == ["recorded", "whole_site"]
    assert await file(moved(CAMP, "returned", 2)) == ["recorded"]
    assert await displaced(file) == {}


@anyio
async def test_everybody_at_a_site_intends_to_stay(file: Filing) -> None:
    """Nobody leaves the site, so any team may report the intention, and it confirms that the people are there."""
    here, counted = household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    await file(here, counted)
    assert await file(moved(SCHOOL, "intends_to_stay", days=3), **OTHERS) == ["recorded"]
    assert await displaced(file) == {here["household_id"]: 5, counted["report_id"]: 40}
    [stay] = await file.rows("stays")
    assert (stay["sub_stock"], stay["confirmed_at"]) == ("in_displacement", NOON + timedelta(days=3))


@anyio
async def test_whoever_works_in_the_area_of_a_site_may_empty_it(office: Office) -> None:
    await saved(office, UUID(SCHOOL), role=Role.REGISTRAR)
    desk, here = Desk(office.installation.secrets / "seal"), household(site_id=SCHOOL)
    await office.file(here)
    async with office.app.state.sessions() as session:
        file = Filing(office.registrar, desk, session)
        other_area = await file(moved(SCHOOL, "returned"), **OTHERS, registrar_areas=(LEILEK,))
        assert other_area == ["whole_site"]
        assert await file(moved(SCHOOL, "returned"), **OTHERS, registrar_areas=(BATKEN,)) == ["recorded"]


@anyio
async def test_only_those_who_are_there_on_the_day_move(file: Filing) -> None:
    came, went = household(site_id=CAMP), household(site_id=SCHOOL)
    await file(came, went)
    await file(transferred(came, SCHOOL, days=2), transferred(went, CAMP, days=2))
    await file(moved(SCHOOL, "returned", days=3))
    assert await displaced(file) == {went["household_id"]: 5}
    # at this time, `went` had not left yet, and `came` had not arrived
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
    listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%_site_movements%' AND state = 'idle'"
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
async def test_only_a_registrar_of_the_area_takes_a_site_out_of_the_stock(file: Filing) -> None:
    here = household(site_id=SCHOOL)
    await file(here)
    assert await file(moved(SCHOOL, "left_country")) == ["removal_by_other_team"]
    assert await displaced(file) == {here["household_id"]: 5}
    assert await file(moved(SCHOOL, "left_country"), flags=(Flag.REGISTRAR_OF_COUNTRY,)) == ["recorded"]
    assert await displaced(file) == {}


@anyio
async def test_a_registrar_reads_and_accepts_a_held_movement_of_a_site_and_of_a_group(office: Office) -> None:
    await saved(office, UUID(SCHOOL), role=Role.REGISTRAR)
    here, counted = household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40, destination={"pcode": BATKEN})
    await office.file(here, counted)
    bodies = moved(SCHOOL, "left_country", notes="в Худжанд"), movement(counted, "left_country", persons=10)
    await office.file(*bodies, **OTHERS)
    held = (await office.get("/v1/held", role=Role.REGISTRAR, areas=(BATKEN,))).json()["reports"]
    assert sorted(report["kind"] for report in held) == ["group_movement", "site_movement"]
    assert (await office.get("/v1/held", role=Role.REGISTRAR, areas=(LEILEK,))).json()["reports"] == []
    notes = [
        (await office.get(f"/v1/held/{report['outcome_id']}", role=Role.REGISTRAR)).json()["report"].get("notes")
        for report in held
    ]
    assert sorted(notes, key=str) == [None, "в Худжанд"]
    async with office.app.state.sessions.begin() as session:
        for report in held:
            decision = HeldDecision(outcome_id=UUID(report["outcome_id"]), is_accepted=True)
            assert await office.registrar.settle_held(decision, session) == "recorded"
    assert await apply_some(office.app.state.sessions, office.registrar) == 1
    async with office.app.state.sessions() as session:
        stays = await session.execute(text("SELECT count(*) FROM passages WHERE to_sub_stock = 'left_country'"))
        displaced = await session.execute(text("SELECT displaced FROM counts WHERE movement_id IS NULL"))
        assert (stays.scalar(), displaced.scalar()) == (1, 0)


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
async def test_no_team_alone_uses_up_the_movements_of_a_site(file: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MOST_OF_TEAM", 3)
    await file(household(site_id=SCHOOL))
    seen = [moved(SCHOOL, "confirmed_here", number) for number in range(4)]
    assert await file(*seen, **OTHERS) == ["recorded"] * 3 + ["too_many_movements"]
    assert await file(moved(SCHOOL, "returned", 5)) == ["recorded"]


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
    """The next report about the household, or the worker, applies the movement. In both cases, it takes effect once."""
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


async def together(office: Office, *batches: Sequence[dict[str, Any]]) -> None:
    """File all batches at the same time, each in a separate transaction. A deadlock raises DeadlockDetectedError."""
    await asyncio.gather(*(office.file(*batch, flags=(Flag.REGISTRAR_OF_COUNTRY,)) for batch in batches))


ROUNDS = 5
TO_CAMP: dict[str, Any] = {"destination": {"pcode": BATKEN}, "destination_site_id": CAMP}
TO_SCHOOL: dict[str, Any] = {"destination": {"pcode": BATKEN}, "destination_site_id": SCHOOL}


@anyio
async def test_two_workers_file_households_and_counts_at_the_same_site(office: Office) -> None:
    for _ in range(ROUNDS):
        at_school = [[household(site_id=SCHOOL), group(site_id=SCHOOL)] for _ in range(2)]
        await together(office, *at_school)
        await together(
            office,
            [household(site_id=SCHOOL), group(site_id=CAMP)],
            [household(site_id=CAMP), group(site_id=SCHOOL)],
        )


@anyio
async def test_a_report_of_a_household_and_a_movement_of_its_site_come_at_once(office: Office) -> None:
    here = [household(site_id=SCHOOL) for _ in range(6)]
    await office.file(*here)
    for number in range(ROUNDS):
        seen = movement(here[number], "confirmed_here")
        moves = [moved(SCHOOL, "confirmed_here", number), movement(here[-1], "confirmed_here")]
        await together(office, [seen, group(site_id=SCHOOL)], moves, [transferred(here[number], CAMP)])


@anyio
async def test_two_sites_to_which_people_of_each_other_moved_are_moved_at_once(office: Office) -> None:
    await office.file(household(site_id=SCHOOL), household(site_id=CAMP))
    for number in range(ROUNDS):
        to_camp, to_school = moved(SCHOOL, "transferred", number, **TO_CAMP), moved(CAMP, "transferred", 7, **TO_SCHOOL)
        await together(office, [to_camp], [to_school])


@anyio
async def test_an_accepted_report_waits_for_the_movement_of_its_site(office: Office) -> None:
    here = household(site_id=SCHOOL)
    await office.file(here, flags=(Flag.EXPIRED_TOKEN,))
    sessions, desk = office.app.state.sessions, Desk(office.installation.secrets / "seal")
    async with sessions() as session:
        outcome_id = await session.scalar(text("SELECT outcome_id FROM reports WHERE outcome = 'held'"))

    async def accept() -> str:
        decision = HeldDecision(outcome_id=outcome_id, is_accepted=True)
        async with sessions.begin() as session:
            return await office.registrar.settle_held(decision, session)

    async def is_waiting() -> bool:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        async with sessions() as session:
            return bool(await session.scalar(waiting))

    async with sessions.begin() as session:
        assert await Filing(office.registrar, desk, session)(moved(SCHOOL, "returned"), **REGISTRAR) == ["recorded"]
        accepted = asyncio.create_task(accept())
        await wait_for(is_waiting)
    assert await accepted == "recorded"
    async with sessions() as session:
        assert await displaced(Filing(office.registrar, desk, session)) == {}


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
    """Returns the numbers of people at the school and at the camp."""
    known = [await occupancy(office, UUID(site_id)) for site_id in (SCHOOL, CAMP)]
    return [found["highest"] if found else 0 for found in known]


@anyio
@pytest.mark.parametrize("seed", [3, 4, 5])
async def test_any_order_of_arrival_gives_the_same_people_at_each_place(file: Filing, seed: int) -> None:
    draw = Random(seed)
    came, here, counted = household(site_id=CAMP), household(site_id=SCHOOL), group(site_id=SCHOOL, persons=40)
    again = {**here, "version": 2, "site_id": CAMP}
    place = {"destination": {"pcode": LEILEK}, "destination_site_id": CAMP}
    went, returned = moved(SCHOOL, "transferred", 3, **place), moved(CAMP, "returned", 5)
    part = movement(counted, "transferred", persons=15, **place)
    bodies = [came, here, again, counted, transferred(came, SCHOOL, 2), went, part, returned]
    bodies += [{**went, "version": 2, "is_reversed": True}, moved(SCHOOL, "displaced_again", 4, **place)]
    seen = []
    for _ in range(8):
        draw.shuffle(bodies)
        for body in bodies:
            await file(body, **REGISTRAR)
        rows = [*await file.rows("stays"), *await file.rows("group_stays"), *await file.rows("counts")]
        columns = ("sub_stock", "destination_pcode", "persons", "superseded_at")
        seen.append((await displaced(file), sorted(str([row[column] for column in columns]) for row in rows)))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]


HOUSEHOLD_ID = str(UUID(int=1, version=4))


def filed(body: dict[str, Any]) -> AnyFiled:
    is_site = body["kind"].startswith(SITE)
    sealed = ("members", "shelter", "destination_site_id", *(() if is_site else ("site_id",)))
    return filed_from(body, sealed=sealed, team=TEAM, flags=(Flag.REGISTRAR_OF_COUNTRY,) if is_site else ())


MEMBERS = family(3)
SITES, DAYS = st.sampled_from([SCHOOL, CAMP]), st.integers(-1, 12)
KINDS = st.sampled_from(
    ["returned", "transferred", "displaced_again", "confirmed_here", "left_country", "contact_lost"]
)


@st.composite
def reports(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Makes reports of one household and of two sites, some of which are corrected or reversed."""
    body = household(household_id=HOUSEHOLD_ID, members=MEMBERS, persons=3, report_id=str(UUID(int=2, version=4)))
    result = [{**body, "site_id": draw(SITES)}]
    if draw(st.booleans()):
        result.append({**body, "version": 2, "site_id": draw(SITES)})
    for number in range(draw(st.integers(1, 3))):
        report_id = str(UUID(int=10 + number, version=4))
        result.append({**transferred(body, draw(SITES), draw(DAYS)), "report_id": report_id})
    for number in range(draw(st.integers(1, 3))):
        site_id, report_id = draw(SITES), str(UUID(int=100 + number, version=4))
        for version in range(1, draw(st.integers(1, 2)) + 1):
            kind = draw(KINDS)
            has_place = kind in ("transferred", "displaced_again")
            place = {"destination": {"pcode": LEILEK}, "destination_site_id": draw(SITES)} if has_place else {}
            report = moved(site_id, kind, draw(DAYS), report_id=report_id, version=version, **place)
            result.append({**report, "is_reversed": version == 2 and draw(st.booleans())})
    return result


def state_of(bodies: Iterable[dict[str, Any]], *, batch: int = 1) -> tuple[Any, ...]:
    working_set = working_set_of(map(filed, bodies), batch=batch)
    subject = working_set.subjects["household", HOUSEHOLD_ID]
    stays = {id: (followed.stays, followed.parts) for id, followed in subject.courses.by_departure.items()}
    outcomes = {id: (movement.outcome, movement.reason) for id, movement in subject.movements.items()}
    told = [change.standing for change in working_set.changes if change.subject == subject.name]
    assert told[-1] == subject.standing
    return subject.standing, stays, outcomes


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_state_does_not_depend_on_the_order_of_arrival_or_on_repeats(data: st.DataObject) -> None:
    bodies: Sequence[dict[str, Any]] = data.draw(reports())
    repeated = data.draw(st.permutations([*bodies, *data.draw(st.lists(st.sampled_from(bodies), max_size=4))]))
    assert state_of(repeated, batch=data.draw(st.integers(1, 9))) == state_of(bodies)
