"""Tests the number of people at a site: its valid counts, changed by later movements of groups and households."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.sites.occupancies import (
    CountAtSite,
    Occupancy,
    RegisteredMoves,
    SiteDeparture,
    SiteStay,
    occupancies,
)
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, NOON, group, household, movement
from tests.registry.test_household_sites import renewed
from tests.registry.test_record_pages import opened
from tests.registry.test_site_movements import CAMP, REGISTRAR, SCHOOL, moved, transferred
from tests.registry.test_sites import OSH_OBLAST, occupancy, saved

pytestmark = pytest.mark.anyio

AT, SITE = datetime(2022, 5, 5, 12, tzinfo=UTC), uuid4()
HOUR = timedelta(hours=1)


def count(persons: int, hours: float = 0, **changed: Any) -> CountAtSite:
    at = AT + hours * HOUR
    made = CountAtSite(SITE, at, at, uuid4(), uuid4(), None, persons, covers_site=False, counted=persons)
    return made._replace(**changed)


def came(persons: int, hours: float) -> SiteStay:
    return SiteStay(SITE, AT + hours * HOUR, persons)


def left(persons: int, hours: float, came: float | None = None) -> SiteDeparture:
    return SiteDeparture(SITE, None if came is None else AT + came * HOUR, AT + hours * HOUR, persons)


def number(
    *counts: CountAtSite, staying: tuple[SiteStay, ...] = (), departures: tuple[SiteDeparture, ...] = ()
) -> Occupancy:
    return occupancies(counts, RegisteredMoves(staying, departures))[SITE]


def test_registered_people_who_came_or_left_after_the_count_change_it() -> None:
    seen = number(count(70), staying=(came(40, -5), came(5, 1)), departures=(left(2, 1, came=-5), left(9, -1)))
    assert (seen.lowest, seen.highest, seen.registered_came, seen.registered_left) == (73, 73, 5, 2)
    assert (seen.registered, seen.is_registered) == (45, False)


def test_people_who_came_after_the_count_and_left_again_change_nothing() -> None:
    assert number(count(70), departures=(left(5, 2, came=1),)).highest == 70


def test_people_who_moved_with_their_group_and_their_household_are_counted_once() -> None:
    """80 people of the group and 100 registered persons left.

    Then 30 people of a group and 20 registered persons came.
    """
    counted = count(400, counted=480, changed_at=AT + HOUR, steps=((AT + HOUR, 400),))
    arrived = count(30, 2, movement_id=uuid4())
    seen = number(counted, arrived, staying=(came(20, 2),), departures=(left(100, 1, came=-5),))
    assert (seen.highest, seen.registered_came, seen.registered_left) == (480 - 100 + 30, 0, 20)


def test_people_of_a_group_who_left_before_the_newest_count_are_not_compared_with_later_movements() -> None:
    """From one village, 30 of 70 people left. Then another village was counted. Later, a registered family left."""
    village = count(40, counted=70, changed_at=AT + HOUR, steps=((AT + HOUR, 40),))
    emptied = count(0, counted=9, changed_at=AT + HOUR)
    assert number(village, emptied, count(50, 2), departures=(left(5, 3, came=-5),)).highest == 40 + 50 - 5


def test_a_group_that_arrives_does_not_hide_the_movements_since_the_count() -> None:
    arrived = count(10, 3, movement_id=uuid4())
    assert number(count(70), arrived, departures=(left(5, 1, came=-5),)).highest == 75


def test_a_site_without_a_count_has_its_registered_people_and_says_so() -> None:
    seen = number(staying=(came(5, 0), came(4, 1)), departures=(left(2, 1, came=0),))
    assert (seen.lowest, seen.highest, seen.is_registered, seen.counted_at, seen.reports) == (9, 9, True, None, ())
    assert occupancies((), RegisteredMoves((), (left(2, 1),))) == {}
    arrived = count(30, movement_id=uuid4())
    assert [number(arrived, staying=(came(registered, 0),)).highest for registered in (20, 40)] == [30, 40]


def test_a_number_is_never_below_zero_and_a_count_of_nobody_stays_zero() -> None:
    assert number(count(3), departures=(left(5, 1, came=-1),)).lowest == 0
    assert number(count(0, covers_site=True), staying=(came(5, -3),)).highest == 0


def test_a_partial_count_hides_no_registered_people() -> None:
    """A site has 200 registered persons. A caller counts only 20 people. Later, 10 registered persons leave."""
    caller = count(20)
    caller = caller._replace(stock_id=caller.report_id)
    seen = number(caller, staying=(came(190, -5),), departures=(left(10, 1, came=-5),))
    assert (seen.lowest, seen.highest, seen.is_registered, seen.has_partial_counts) == (190, 190, True, False)
    assert (seen.registered_came, seen.registered_left, seen.counted_at) == (0, 0, AT)
    assert number(caller, count(170), staying=(came(200, -5),)).highest == 200


def test_only_a_count_of_everybody_includes_the_registered_people_who_came_before_it() -> None:
    everybody = count(20, covers_site=True)
    assert (seen := number(everybody, staying=(came(200, -5),))).highest == 20 and not seen.is_registered
    assert number(everybody, count(30, 2), staying=(came(200, -5),)).highest == 20 + 30


def test_a_later_count_of_one_village_forgets_no_earlier_movement_of_registered_people() -> None:
    """Everybody is counted. Then 40 registered persons come, and 3 leave.

    Then a count finds 25 people of one village.
    """
    moves: dict[str, Any] = {"staying": (came(100, -5), came(40, 1)), "departures": (left(3, 1, came=-5),)}
    everybody, village = count(200, covers_site=True), count(25, 2)
    seen = number(everybody, village, **moves)
    assert (seen.registered_came, seen.registered_left) == (40 - 25, 3)
    assert seen.highest == 200 + 25 + (40 - 25) - 3
    assert number(count(200), village, **moves).highest == 200 + 25 + (40 - 25) - 3
    assert number(everybody, count(50, 2), **moves).highest == 200 + 50 - 3


def test_people_of_a_later_count_who_left_again_hide_no_registered_people() -> None:
    """25 people came and were counted. Then 20 of the 25 left with their households, and 40 others stayed."""
    stayed, gone = (came(40, 1),), (left(20, 3, came=1),)
    assert number(count(200, covers_site=True), count(25, 2), staying=stayed, departures=gone).highest == 200 + 40


def test_no_more_registered_people_are_subtracted_than_were_counted_before_they_left() -> None:
    assert number(count(3), count(70, 2), departures=(left(5, 1, came=-1),)).highest == 70


def test_people_whom_a_recount_did_not_find_are_not_subtracted_from_another_village() -> None:
    """A count finds 100 people of one village, and another count finds 60 of a second village.

    Then 30 registered persons of the first village leave.

    Finally, a recount of the first village finds 70 people.
    """
    village, other, recount = count(100), count(60), count(70, 2)
    recount = recount._replace(stock_id=village.stock_id)
    counts = village._replace(superseded_by=recount.report_id), other, recount
    assert number(*counts, departures=(left(30, 1, came=-5),)).highest == 70 + 60
    seen = number(*counts, departures=(left(40, 1, came=-5), left(2, 3, came=-5)))
    assert (seen.highest, seen.registered_left) == (70 + 60 - 10 - 2, 12)


def test_registered_people_raise_only_the_lower_of_two_differing_counts() -> None:
    stock_id = uuid4()
    teams = count(100, stock_id=stock_id), count(150, 1, stock_id=stock_id)
    seen = number(*teams, staying=(came(120, -5),))
    assert (seen.lowest, seen.highest, seen.is_registered) == (120, 150, False)


AT_SCHOOL: dict[str, Any] = {"site_id": SCHOOL, "destination": {"pcode": BATKEN}}


def counted_at_noon(persons: int, days: float, **changed: Any) -> dict[str, Any]:
    at = (NOON + timedelta(days=days)).isoformat()
    return group(persons=persons, counted_at=at, reported_at=at, sex_age=[], **AT_SCHOOL, **changed)


async def numbers(office: Office, site_id: str = SCHOOL) -> tuple[int, ...] | None:
    seen = await occupancy(office, UUID(site_id))
    return seen and tuple(seen[name] for name in ("highest", "registered_came", "registered_left", "registered"))


async def test_movements_of_registered_households_change_the_count(office: Office) -> None:
    """A count of 70 people includes a family.

    Then a second family comes, and two persons of the first family leave.
    """
    await saved(office, UUID(SCHOOL))
    first, second = household(**AT_SCHOOL), household()
    arrival = transferred(second, SCHOOL, 2)
    await office.file(first, second, counted_at_noon(70, 1))
    assert await numbers(office) == (70, 0, 0, 5)
    await office.file(
        arrival, movement(first, "returned", persons=2, occurred_at=(NOON + timedelta(days=3)).isoformat())
    )
    assert await numbers(office) == (73, 5, 2, 8)
    await office.file(counted_at_noon(60, 4, is_full_recount=True, origin={"country": "ZZ"}))
    assert await numbers(office) == (60, 0, 0, 8)
    await office.file({**arrival, "version": 2, "is_reversed": True})
    assert await numbers(office) == (60, 0, 0, 3)


async def test_a_family_leaves_after_a_group_that_had_left_before_the_newest_count(office: Office) -> None:
    """One group leaves in two parts. Then another group is counted. Then two persons of a family leave."""
    await saved(office, UUID(SCHOOL))
    family, village = household(**AT_SCHOOL), counted_at_noon(70, 1)
    on = [(NOON + timedelta(days=day)).isoformat() for day in range(6)]
    await office.file(family, village)
    await office.file(movement(village, "returned", persons=30, occurred_at=on[2], reported_at=on[2]))
    await office.file(movement(village, "returned", persons=40, occurred_at=on[3], reported_at=on[3]))
    await office.file(counted_at_noon(50, 4), movement(family, "returned", persons=2, occurred_at=on[5]))
    assert await numbers(office) == (48, 0, 2, 3)


async def test_a_family_that_left_its_home_after_the_count_is_added(office: Office) -> None:
    await saved(office, UUID(SCHOOL))
    later = {
        "occurred_at": (NOON + timedelta(days=2)).isoformat(),
        "reported_at": (NOON + timedelta(days=2)).isoformat(),
    }
    await office.file(counted_at_noon(70, 1), household(**AT_SCHOOL), household(**AT_SCHOOL, **later))
    assert await numbers(office) == (75, 5, 0, 10)


async def test_a_site_without_a_count_shows_its_registered_people_until_they_leave(office: Office) -> None:
    await saved(office, UUID(SCHOOL), name_ru="Школа № 8", name_ky=None)
    await saved(office, UUID(CAMP), name_ru="Лагерь", name_ky=None)
    here, exercise = household(**AT_SCHOOL), household(**AT_SCHOOL, status="Exercise")
    await office.file(here, exercise, household(**AT_SCHOOL, mobility="migration"))
    seen = await occupancy(office, UUID(SCHOOL))
    assert (seen["highest"], seen["is_registered"], seen["counted_at"]) == (5, True, None)
    assert await occupancy(office, UUID(SCHOOL), areas=(OSH_OBLAST,)) == "not visible"
    place = {"destination": {"pcode": BATKEN}, "destination_site_id": CAMP}
    await office.file(moved(SCHOOL, "transferred", 2, **place), **REGISTRAR)
    assert (await numbers(office), await numbers(office, CAMP)) == (None, (5, 0, 0, 5))
    await office.file(household(household_id=here["household_id"], occurred_at=(NOON + timedelta(days=5)).isoformat()))
    assert await numbers(office, CAMP) is None


async def test_registered_people_who_left_with_everybody_are_not_added_to_the_empty_site(office: Office) -> None:
    await saved(office, UUID(SCHOOL))
    family = household()
    await office.file(family, counted_at_noon(70, 1), transferred(family, SCHOOL, 2))
    assert await numbers(office) == (75, 5, 0, 5)
    await office.file(moved(SCHOOL, "returned", 3), **REGISTRAR)
    assert await numbers(office) == (0, 0, 0, 0)


async def test_a_corrected_report_moves_the_people_to_another_site(office: Office) -> None:
    await saved(office, UUID(SCHOOL), name_ru="Школа № 8", name_ky=None)
    await saved(office, UUID(CAMP), name_ru="Лагерь", name_ky=None)
    body = household(**AT_SCHOOL)
    await office.file(body)
    await office.file({**body, "version": 2, "site_id": CAMP})
    assert (await numbers(office), await numbers(office, CAMP)) == (None, (5, 0, 0, 5))


async def test_the_database_does_not_say_at_which_site_registered_people_are(office: Office) -> None:
    await office.file(household(**AT_SCHOOL))
    async with office.app.state.sessions() as session:
        [row] = (await session.execute(text("SELECT * FROM site_residents"))).all()
    assert row.persons == 5
    assert not {UUID(SCHOOL), UUID(SCHOOL).bytes, SCHOOL} & {*row}


async def test_households_that_an_earlier_release_stored_are_found_after_the_keys_of_sites_are_made_again(
    office: Office,
) -> None:
    """The migration marks the site keys of stored households as old. The worker then fills the new table.

    During an update, a worker of the earlier release may still write households, with new keys.
    """
    await saved(office, UUID(SCHOOL))
    await office.file(household(**AT_SCHOOL))
    for written_earlier in ("site_root_id = '0'", "site_rows = DEFAULT"):
        async with office.app.state.sessions.begin() as session:
            await session.execute(text("DELETE FROM site_residents"))
            await session.execute(text(f"UPDATE households SET {written_earlier}"))
        assert await numbers(office) is None
        assert await renewed(office) == 1
        assert await numbers(office) == (5, 0, 0, 5)
    assert await renewed(office) == 0


async def test_the_page_of_a_site_says_what_its_number_rests_on(office: Office) -> None:
    await saved(office, UUID(SCHOOL), capacity=4)
    family = household(**AT_SCHOOL)
    await office.file(family)
    page = await opened(office, f"/sites/{SCHOOL}")
    assert "<b>5</b>" in page and "registered persons, no count of everybody" in page and "over capacity" in page
    assert "Nobody has counted people here." in page
    again = household()
    partial = counted_at_noon(3, 1, is_full_recount=False)
    await office.file(partial, again, transferred(again, SCHOOL, 2))
    page = await opened(office, f"/sites/{SCHOOL}")
    assert "<b>10</b>" in page and "registered persons, no count of everybody" in page and ">Counts</h2>" in page
    await office.file(counted_at_noon(3, 1.5, is_full_recount=True, origin={"country": "ZZ"}))
    page = await opened(office, f"/sites/{SCHOOL}")
    assert "<b>8</b>" in page and "5 came and are added, 0 left and are subtracted" in page
    assert "<dt>Registered persons now</dt><dd>10 " in page


async def test_the_board_lists_the_sites_of_the_reader_with_most_people_first(office: Office) -> None:
    await saved(office, UUID(SCHOOL), name_ru="Школа № 8", name_ky=None)
    await saved(office, UUID(CAMP), name_ru="Лагерь", name_ky=None)
    await saved(office, name_ru="Пустая школа", name_ky=None)
    await office.file(household(**AT_SCHOOL), *(household(**{**AT_SCHOOL, "site_id": CAMP}) for _ in range(2)))

    async def sites(*areas: str) -> list[str]:
        answer = await office.get("/occupied-sites?lang=en", role=Role.OPERATOR, areas=areas)
        assert answer.status_code == 200
        return re.findall(r'data-site="([^"]+)"', answer.text)

    assert await sites("KG") == await sites(BATKEN) == [CAMP, SCHOOL]
    assert await sites(OSH_OBLAST) == []
