"""A count of everybody at a site may include registered people of known origin. The registry states how many."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.registry.places.registered_places import ComparedHouseholds, RegisteredHousehold
from tests.registry.conftest import Office
from tests.registry.factories import NOON, group, household, movement
from tests.registry.test_place_comparisons import HOSTEL, SCHOOL, compare, published, registered
from tests.registry.test_sites import saved


def test_fewer_than_five_households_do_not_differ_between_two_counts_of_everybody_at_a_site() -> None:
    included = ComparedHouseholds[UUID, RegisteredHousehold]()
    there = registered(20, site=SCHOOL)
    first, second, third = there[:10], there[2:12], there[10:]
    assert included.of(SCHOOL.site_id, first, second, third) == [{*first}, {*first}, {*third}]
    assert included.of(SCHOOL.site_id, second) == [{*first}]  # the second count replaced all others
    included.keep([HOSTEL.site_id])
    assert included.of(SCHOOL.site_id, second) == [{*second}]


@pytest.mark.anyio
async def test_a_count_of_everybody_at_a_site_includes_the_people_who_were_registered_there_before(
    office: Office,
) -> None:
    school, camp = [str(await saved(office, name_ky=None, name_ru=name)) for name in ("Школа", "Лагерь")]
    everybody = {"origin": {"country": "ZZ"}, "is_full_recount": True}
    later, before = "2030-01-01T06:00:00Z", (NOON + timedelta(hours=1)).isoformat()  # before the registration
    families = [household(site_id=school) for _ in range(6)]
    await office.file(*families, household(site_id=school, origin={"country": "ZZ"}), household())
    await office.file(*(household(site_id=camp) for _ in range(5)))
    await office.file(group(**everybody, site_id=school, counted_at=later, reported_at=later))
    await office.file(group(**everybody, site_id=camp, counted_at=before, reported_at=before))
    comparing = await compare(office)
    [first] = await published(office)
    assert (first["included_persons"], first["included_households"], first["registered"]) == (25, 5, [])
    at = {"occurred_at": "2030-01-02T06:00:00Z", "reported_at": "2030-01-02T07:00:00Z"}
    await office.file(*(movement(family, "returned", **at) for family in families))
    await compare(office, comparing)
    assert len(await published(office)) == 1  # when everybody was counted, the families were still at the school


@pytest.mark.anyio
async def test_the_next_count_of_everybody_does_not_reveal_a_household_that_came_alone(office: Office) -> None:
    """Between the two counts, a family of 3 leaves the school, and a family of 9 comes."""
    school = str(await saved(office, name_ky=None, name_ru="Школа"))
    everybody = {"origin": {"country": "ZZ"}, "is_full_recount": True, "site_id": school}
    leaving, *families = [household(site_id=school, persons=number, members=[]) for number in (3, 5, 5, 5, 5)]
    first, second = "2030-01-01T06:00:00Z", "2030-01-03T06:00:00Z"
    await office.file(leaving, *families, group(**everybody, counted_at=first, reported_at=first))
    comparing = await compare(office)
    at = {"occurred_at": "2030-01-02T06:00:00Z", "reported_at": "2030-01-02T07:00:00Z"}
    coming = household(site_id=school, persons=9, members=[], **at)
    await office.file(movement(leaving, "returned", **at), coming)
    await office.file(group(**everybody, counted_at=second, reported_at=second))
    await compare(office, comparing)
    assert [comparison["included_persons"] for comparison in await published(office)] == [23, 23]
