"""Counted people and registered people are compared at each site and locality that the registry has compared."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.alerts.rules.compared_places import ComparedPlace, RegisteredThere, at_all_places
from services.alerts.rules.headcounts import HeadCount, RegisteredDeparture
from services.alerts.rules.windows import Window
from shared.events import GroupCounted
from shared.pages.catalogs import translations
from shared.pages.reasons import sentence
from shared.places import Places
from tests.alerts.factories import ALAI, TODAY, group, household
from tests.alerts.post import Post
from tests.alerts.test_groups import later
from tests.alerts.test_headcounts import counted, figures, registered

WINDOW = Window(TODAY, TODAY + timedelta(days=1))
SCHOOL, VILLAGE = UUID(int=21), UUID(int=22)


def place(place_id: UUID, there: int, stated: int, *, sequence: int = 1) -> ComparedPlace:
    """Returns a place with `there` registered persons, in households of five.

    `stated` persons are registered at known places of the district.
    """
    return ComparedPlace(str(place_id), sequence, (RegisteredThere(TODAY, there, there // 5, stated, stated // 5),))


def at(where: ComparedPlace, persons: int, **more: Any) -> HeadCount:
    return replace(counted(persons, **more), place=where)


def test_the_reason_gives_both_parts_and_the_larger_number_at_each_site_and_locality() -> None:
    """In the school, 100 people were counted and 50 are registered.

    In the village, 20 people were counted and 40 are registered.
    """
    people: list[HeadCount | RegisteredDeparture] = [
        at(place(SCHOOL, 50, 100), 100),
        at(place(VILLAGE, 40, 100), 20),
        registered(20, 100),
    ]
    text = sentence("households_displaced", figures(*people), "en", translations("en"), Places.load())
    assert text.endswith(
        ": 120 persons counted in 2 reports; 20 registered households (100 persons)."
        " Total, with the larger figure at each place: 150 persons"
    )


@pytest.mark.parametrize(
    ("people", "total"),
    [
        ([at(place(SCHOOL, 0, 50), 45), registered(10, 50)], 95),  # all registered people are elsewhere
        ([at(place(SCHOOL, 50, 50), 45), registered(10, 50)], 50),
        ([at(place(SCHOOL, 0, 0), 45), registered(10, 50)], 50),  # the registered people have no known place
        ([at(place(SCHOOL, 0, 30), 45), registered(10, 50)], 75),  # 20 of the 50 registered people may be in the school
        # the 20 counted people may be among the 50 registered people
        ([at(place(SCHOOL, 0, 50), 45), counted(20), registered(10, 50)], 95),
        ([at(place(SCHOOL, 0, 50), 45), counted(80), registered(10, 50)], 125),
        ([at(place(SCHOOL, 100, 100), 0), counted(100), registered(20, 100)], 100),  # nobody is left in the school
        # two counts in one school, of people from two districts
        ([at(place(SCHOOL, 50, 50), 20), at(place(SCHOOL, 50, 50), 20), registered(10, 50)], 50),
        ([at(place(SCHOOL, 10, 50), 45), at(place(SCHOOL, 50, 50, sequence=2), 45), registered(10, 50)], 90),
        ([at(place(SCHOOL, 0, 50), 45), registered(10, 50), at(place(SCHOOL, 0, 50), 45, on=TODAY - timedelta(9))], 95),
        ([at(place(SCHOOL, 0, 50), 45), registered(10, 50, ALAI)], 95),
    ],
)
def test_people_at_different_places_are_added(people: list[HeadCount | RegisteredDeparture], total: int) -> None:
    assert figures(*people)["persons"] == total


def test_held_households_may_be_at_any_place() -> None:
    people: list[HeadCount | RegisteredDeparture] = [at(place(SCHOOL, 0, 50), 45), registered(10, 50)]
    assert figures(*people, held=[registered(2, 10)])["persons"] == 95
    assert figures(*people, held=[registered(12, 60)])["persons"] == 110


PLACES = [UUID(int=number) for number in range(4)]
NUMBERS = st.integers(0, 60)
COMPARED = st.one_of(st.none(), st.builds(place, st.sampled_from(PLACES), NUMBERS, NUMBERS, sequence=st.integers(1, 9)))


@given(registered=NUMBERS, counts=st.lists(st.tuples(NUMBERS, COMPARED), max_size=6))
def test_outdated_numbers_give_no_more_than_all_people_and_no_less_than_the_larger_part(
    registered: int, counts: list[tuple[int, ComparedPlace | None]]
) -> None:
    people = sum(number for number, _ in counts)
    total = at_all_places(registered, counts, lambda compared: compared.persons(WINDOW))
    assert max(registered, people) <= total <= registered + people


@given(
    there=st.dictionaries(st.sampled_from(PLACES), NUMBERS),
    counts=st.dictionaries(st.sampled_from(PLACES), NUMBERS, min_size=1),
    elsewhere=NUMBERS,
    unknown=NUMBERS,
)
def test_with_current_numbers_the_larger_number_of_each_place_is_added(
    there: dict[UUID, int], counts: dict[UUID, int], elsewhere: int, unknown: int
) -> None:
    """`elsewhere` registered people are at places without a count. `unknown` have no known place."""
    not_counted = elsewhere + sum(number for where, number in there.items() if where not in counts)
    stated = sum(there.get(where, 0) for where in counts) + not_counted
    compared = [(number, place(where, there.get(where, 0), stated)) for where, number in counts.items()]

    def total(registered: int) -> int:
        return at_all_places(registered, compared, lambda compared: compared.persons(WINDOW))

    larger = Counter(there) | Counter(counts)
    assert total(stated) == sum((larger[where] for where in counts), not_counted)
    assert total(stated) <= total(stated + unknown) <= total(stated) + unknown


def compared(count: GroupCounted, there: int, stated: int, *, mobility: str = "displacement") -> GroupCounted:
    registered = {
        "occurred_on": TODAY,
        "mobility": mobility,
        "persons": there,
        "households": there // 5,
        "stated_persons": stated,
        "stated_households": stated // 5,
    }
    return later(count, comparison={"place_id": SCHOOL, "registered": [registered]})


@pytest.mark.anyio
async def test_a_comparison_raises_the_alert_and_stays_valid_until_the_next_one(post: Post) -> None:
    count = group(persons=30)
    await post(count, *(household() for _ in range(6)))
    assert await post.alerts() == []
    known = compared(count, 10, 30)
    assert await post(known) == ["alerted households_displaced"]
    assert (await post.alert()).figures["persons"] == 50
    moved = later(known, comparison=None, persons=35)
    await post(moved)
    assert (await post.alert()).figures["persons"] == 55
    await post(compared(moved, 30, 30))
    assert (await post.alert()).is_lapsed


@pytest.mark.anyio
async def test_people_whose_mobility_the_rule_does_not_count_are_not_compared(post: Post) -> None:
    count = group(persons=49)
    await post(count, *(household() for _ in range(6)))
    migrants = compared(count, 0, 30, mobility="migration")
    await post(migrants)
    assert await post.alerts() == []
    await post(compared(migrants, 0, 30))
    assert (await post.alert()).figures["persons"] == 79
