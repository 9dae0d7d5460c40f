"""Tests how many persons are in held reports. The board and the page "Waiting" show this number beside the total."""

from typing import Any
from uuid import uuid4

import pytest

from services.registry.held.earlier import complete_list, publish_some
from tests.registry.conftest import Office
from tests.registry.factories import OSH, group, household
from tests.registry.test_headcounts import counted
from tests.registry.test_sites import occupancy, saved
from tests.registry.test_waiting import EXPIRED, HELD, OSH_OBLAST, carried_out, decide, listed, rows

pytestmark = pytest.mark.anyio


async def test_persons_in_held_reports_are_two_numbers_of_people_displaced_in_the_country(office: Office) -> None:
    """Four kinds of people are left out: registered people, people abroad, migrants, and people in transit."""
    await office.file(household(), group(persons=214), flags=EXPIRED)
    registered = household()
    await office.file(registered)
    await office.file(household(household_id=registered["household_id"]), author=uuid4(), team=uuid4())
    abroad, passing = household(destination={"country": "TJ"}), group(persons=1000, measure="flow")
    await office.file(household(mobility="migration"), abroad, passing, flags=EXPIRED)
    # the version names another household, so the reason is other_household
    await office.file({**registered, "household_id": str(uuid4()), "version": 2})
    duplicate = household()
    await office.file(duplicate, flags=EXPIRED)
    [waiting] = [one for one in (await listed(office))["reports"] if one["report_id"] == duplicate["report_id"]]
    await decide(office, [waiting["outcome_id"]], is_accepted=False, refusal="duplicate")
    assert await carried_out(office) == ["rejected"]
    # the version corrects a duplicate, so the reason is corrects_duplicate
    await office.file({**duplicate, "version": 2, "persons": 4, "members": []})
    assert await listed(office, path=f"{HELD}:persons") == {"in_households": 5, "in_groups": 214}
    elsewhere = await listed(office, path=f"{HELD}:persons", areas=(OSH_OBLAST,))
    assert elsewhere == {"in_households": 0, "in_groups": 0}


async def test_persons_of_several_held_counts_of_the_same_people_count_once(office: Office) -> None:
    """Two held counts by two teams, and one earlier recorded count, are about the same people in a school."""
    school = {"is_full_recount": True, "destination_locality": "Мектеп № 3"}
    await office.file(group(persons=90, **school), group(persons=100, **school), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 100
    await office.file(group(persons=70, **school))
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 30


async def test_a_held_count_of_everybody_at_a_site_includes_the_people_counted_there_by_their_origin(
    office: Office,
) -> None:
    here = {"site_id": str(await saved(office))}
    of_village, of_osh = counted(0, 70, **here), counted(1, 150, **here, origin={"pcode": OSH})
    await office.file(of_village, of_osh)
    everybody = counted(2, 240, **here, origin={"country": "ZZ"})
    await office.file(everybody, counted(1, 10, **here, origin_locality="Тобей"), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 20
    await office.file(counted(3, 25, **here, origin_locality="Комсомол"), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 45
    in_words = {"destination_locality": "№ 5 мектеп"}
    await office.file(counted(4, 30, **in_words, origin_locality="Комсомол"), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 50, "the same people, without the site's id"
    await office.file(counted(1, 12, **in_words, origin_locality="Чоко-Добо"), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 50, "the count of everybody includes them"
    await office.file(counted(5, 12, **in_words, origin_locality="Ак-Терек"), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 62


async def test_a_held_count_in_words_is_at_the_site_that_is_listed_later(office: Office) -> None:
    of_village = counted(0, 70, destination_locality="Айыл клубу")
    await office.file(of_village, flags=EXPIRED)
    club = str(await saved(office, name_ky="Айыл клубу", name_ru=None))
    everybody = counted(2, 90, site_id=club, origin={"country": "ZZ"})
    await office.file(everybody, flags=EXPIRED)
    while await publish_some(office.app.state.sessions, office.registrar):
        pass
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 90
    # the previous release of Dayar stored the first row; the second row then got a newer version
    await rows(office, "UPDATE held_stocks SET status = NULL, is_counted = NULL WHERE persons = 70 RETURNING group_id")
    await rows(office, "UPDATE held_stocks SET persons = 60 WHERE persons = 90 RETURNING group_id")
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 60
    await complete_list(office.app.state.sessions)
    assert await publish_some(office.app.state.sessions, office.registrar) == 2
    assert (await listed(office, path=f"{HELD}:persons"))["in_groups"] == 90


async def test_a_recorded_count_in_words_is_at_the_site_that_is_listed_or_renamed_later(office: Office) -> None:
    elsewhere = counted(1, 40, destination_locality="Мечит")
    await office.file(counted(0, 70, destination_locality="Айыл клубу"), elsewhere)
    club, sessions = await saved(office, name_ky="айыл  клубу", name_ru=None), office.app.state.sessions
    assert await publish_some(sessions, office.registrar) == 1, "only the group that names the club"
    assert (await occupancy(office, club))["highest"] == 70
    twin: dict[str, Any] = {"name_ky": "Айыл клубу", "name_ru": None, "locality": "Башка айыл"}
    other = await saved(office, **twin)
    assert await publish_some(sessions, office.registrar) == 1
    assert await occupancy(office, club) is None, "nobody knows which of the two clubs is meant"
    await saved(office, other, **{**twin, "name_ky": "Жаңы клуб"}, version=2)
    assert await publish_some(sessions, office.registrar) == 1
    assert (await occupancy(office, club))["highest"] == 70
    await saved(office, club, name_ky="Маданият үйү", name_ru=None, version=2)
    assert await publish_some(sessions, office.registrar) == 1
    assert await occupancy(office, club) is None


async def test_an_exercise_does_not_hide_the_persons_of_a_held_actual_report(office: Office) -> None:
    practised = household(status="Exercise")
    await office.file(practised)
    await office.file(household(household_id=practised["household_id"]), flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_households"] == 5


async def test_of_two_held_versions_the_higher_counts_also_if_the_first_came_later(office: Office) -> None:
    body = household(persons=4, members=[])
    await office.file({**body, "version": 2, "persons": 3}, flags=EXPIRED)
    await office.file(body, flags=EXPIRED)
    assert (await listed(office, path=f"{HELD}:persons"))["in_households"] == 3
