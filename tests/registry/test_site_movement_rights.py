"""Tests who may move everybody at a site, and how many movements of sites one team may report."""

from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry import decisions
from services.registry.models import HeldDecision
from services.registry.sites.movements import apply_some
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, LEILEK, Desk, group, household, movement
from tests.registry.test_site_movements import CAMP, OTHERS, SCHOOL, anyio, displaced, moved
from tests.registry.test_sites import saved


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
async def test_no_team_alone_uses_up_the_movements_of_a_site(file: Filing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "MOST_OF_TEAM", 3)
    await file(household(site_id=SCHOOL))
    seen = [moved(SCHOOL, "confirmed_here", number) for number in range(4)]
    assert await file(*seen, **OTHERS) == ["recorded"] * 3 + ["too_many_movements"]
    assert await file(moved(SCHOOL, "returned", 5)) == ["recorded"]
