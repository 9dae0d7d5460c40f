"""Displaced people of unknown origin raise their own alert at their present place."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.alerts.delivery.texts import Texts
from shared.events import AlertRaised, GroupCounted, Place
from shared.pages.catalogs import translations
from shared.pages.reasons import sentence
from shared.places import Places
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, NOW, TODAY, after_movement, group, held, household, rules
from tests.alerts.handling import Handling
from tests.alerts.post import Post
from tests.alerts.test_displacement import is_locked_out, posted
from tests.alerts.test_groups import later
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

UNKNOWN, WITHOUT_DISTRICT, TAJIKISTAN = Place(country="ZZ"), Place(country="KG"), Place(country="TJ")


@pytest.mark.parametrize("origin", [UNKNOWN, WITHOUT_DISTRICT], ids=["not known", "without a district"])
async def test_a_group_of_unknown_origin_raises_an_alert_where_it_is_now(post: Post, origin: Place) -> None:
    assert await post(group(persons=300, origin=origin)) == ["alerted households_displaced"]
    alert = await post.alert()
    assert (alert.pcodes, alert.figures["pcode"], alert.figures["persons"]) == ((LEILEK,), LEILEK, 300)
    assert alert.figures["is_origin_unknown"]


async def test_ten_households_of_unknown_origin_raise_an_alert_where_they_are_now(post: Post) -> None:
    assert set(await post(*(household(origin=UNKNOWN) for _ in range(10)))) == {"alerted households_displaced"}
    alert = await post.alert()
    assert (alert.pcodes, alert.households) == ((LEILEK,), 10)


async def test_people_in_held_reports_of_unknown_origin_raise_an_alert(post: Post) -> None:
    await post(
        held(group(persons=40, origin=UNKNOWN)), held(household(persons=30, origin=UNKNOWN, destination=UNKNOWN))
    )
    assert await post.alerts() == []
    await post(held(group(persons=15, origin=UNKNOWN)))
    alert = await post.alert()
    assert (alert.pcodes, alert.figures["persons"], alert.figures["held_persons"]) == ((LEILEK,), 55, 55)


async def test_an_alert_about_unknown_places_concerns_the_whole_country(post: Post) -> None:
    await post.receiver("alai", areas=frozenset({ALAI}))
    await post(group(persons=60, origin=UNKNOWN, destination=UNKNOWN))
    alert = await post.alert()
    assert (alert.pcodes, "pcode" in alert.figures) == ((), False)
    assert await post.deliveries() == [("alai", 1, "raised"), ("duty", 1, "raised")]


async def test_the_alert_of_a_district_is_sent_to_the_receivers_of_this_district_only(post: Post) -> None:
    await post.receiver("alai", areas=frozenset({ALAI}))
    await post.receiver("leilek", areas=frozenset({LEILEK}))
    await post(group(persons=60, origin=UNKNOWN))
    assert await post.deliveries() == [("duty", 1, "raised"), ("leilek", 1, "raised")]


async def test_a_displacement_onward_that_turned_out_to_be_wrong_is_not_one_of_unknown_origin(post: Post) -> None:
    homes = [household(occurred_on=TODAY - timedelta(days=90)) for _ in range(10)]
    wrong = [{**household(household_id=home.household_id).model_dump(), "origin": UNKNOWN} for home in homes]
    await post(*homes, *(after_movement(home, 5, displacement=left) for home, left in zip(homes, wrong, strict=True)))
    assert [alert.pcodes for alert in await post.alerts()] == [(KADAMJAI,)]


@pytest.mark.parametrize(
    "places", [{"origin": TAJIKISTAN}, {"origin": UNKNOWN, "destination": TAJIKISTAN}], ids=["from abroad", "abroad"]
)
async def test_people_from_abroad_and_people_abroad_of_unknown_origin_raise_no_alert(
    post: Post, places: dict[str, Any]
) -> None:
    assert set(await post(group(persons=900, **places), household(persons=90, **places))) == {"noted no_rule"}


async def test_people_who_left_the_country_from_an_unknown_district_concern_the_whole_country(post: Post) -> None:
    await post(group(persons=60, origin=WITHOUT_DISTRICT, destination=TAJIKISTAN))
    assert (await post.alert()).pcodes == ()


async def test_people_of_unknown_origin_are_not_added_to_those_who_left_the_same_district(post: Post) -> None:
    await post(group(persons=49, origin=UNKNOWN), group(persons=49, origin=Place(pcode=LEILEK)))
    assert await post.alerts() == []
    await post(group(persons=1, origin=UNKNOWN), group(persons=2, origin=Place(pcode=LEILEK)))
    alerts = await post.alerts()
    assert [(alert.pcodes, alert.figures["persons"]) for alert in alerts] == [((LEILEK,), 51), ((LEILEK,), 50)]
    assert len({alert.alert_id for alert in alerts}) == 2


async def test_a_group_moves_to_the_alert_of_its_origin_when_the_origin_is_known(post: Post) -> None:
    count = group(persons=60, origin=UNKNOWN)
    await post(count)
    await post(later(count, version=2, origin=Place(pcode=KADAMJAI)))
    assert await in_force(post) == [((KADAMJAI,), 60)]


async def test_households_move_to_the_alert_of_their_origin_when_the_origin_is_known(post: Post) -> None:
    homes = [household(origin=UNKNOWN, persons=6) for _ in range(10)]
    await post(*homes)
    for home in homes:
        known = {"sequence": 2, "version": 2, "origin": Place(pcode=KADAMJAI)}
        await post(household(**{**home.model_dump(), **known}))
    assert await in_force(post) == [((KADAMJAI,), 60)]


async def test_people_of_unknown_origin_count_where_they_moved_to(post: Post) -> None:
    homes = [household(origin=UNKNOWN, persons=6) for _ in range(10)]
    await post(*homes)
    await post(*(after_movement(home, 6, destination=Place(pcode=ALAI)) for home in homes))
    assert await in_force(post) == [((ALAI,), 60)]


async def test_the_thresholds_of_the_district_where_people_are_now_apply(post: Post) -> None:
    areas = {LEILEK: {"persons": 300}, ALAI: {"persons": 20}}
    post.handling = Handling(rules(displacement={"areas": areas}), Places.load(), clock=lambda: post.now)
    await post(group(persons=299, origin=UNKNOWN), group(persons=20, origin=UNKNOWN, destination=Place(pcode=ALAI)))
    assert await in_force(post) == [((ALAI,), 20)]


async def test_a_count_of_everybody_at_a_site_adds_only_people_of_whom_no_other_count_states_the_origin(
    post: Post,
) -> None:
    """100 people from Kadamjai were counted at the school.

    Later, everybody at the school is counted, without an origin.
    """
    school = {"site_id": uuid4()}
    known, everybody = group(persons=100, **school), at_site(persons=149, **school)
    await post(known)
    await post(everybody)
    assert await in_force(post) == [((KADAMJAI,), 100)]
    await post(grown := later(everybody, persons=160))
    assert await in_force(post) == [((LEILEK,), 60), ((KADAMJAI,), 100)]
    await post(group(persons=11, origin=Place(pcode=ALAI), **school))
    assert await in_force(post) == [((KADAMJAI,), 100)]
    await post(later(known, persons=80, superseded_by=None))
    assert await in_force(post) == [((LEILEK,), 69), ((KADAMJAI,), 80)]
    assert (await post(later(grown, persons=90))) == ["noted below_threshold"]


async def test_registered_people_of_known_origin_are_not_among_the_people_of_unknown_origin(post: Post) -> None:
    """80 people from Kadamjai are registered at the school.

    Then everybody at the school is counted, without an origin.
    """
    school, included = {"site_id": uuid4()}, {"place_id": uuid4(), "included_persons": 80, "included_households": 10}
    await post(*(household(persons=8) for _ in range(10)))
    await post(everybody := at_site(persons=120, households=16, household_unit="yards", **school))
    assert await in_force(post) == [((LEILEK,), 120), ((KADAMJAI,), 80)]
    await post(compared := later(everybody, comparison=included))
    # the people of the 16 yards may be other people than the registered people
    assert await in_force(post) == [((LEILEK,), 40), ((KADAMJAI,), 80)]
    await post(compared := later(compared, households=None))
    assert await in_force(post) == [((KADAMJAI,), 80)]
    await post(compared := later(compared, persons=140))
    assert await in_force(post) == [((LEILEK,), 60), ((KADAMJAI,), 80)]
    # the 90 counted people may be the 80 registered people, so only 90 are subtracted
    await post(group(persons=90, **school))
    assert await in_force(post) == [((LEILEK,), 50), ((KADAMJAI,), 90)]


async def test_two_counts_of_everybody_at_a_site_are_not_added(post: Post) -> None:
    """The two teams name different hazards. The counts therefore belong to different stocks."""
    school = {"site_id": uuid4()}
    first, second = (
        at_site(persons=persons, counted_at=NOW + timedelta(hours=hours), **school)
        for persons, hours in ((160, 0), (200, 1))
    )
    await post(second, first)
    assert await in_force(post) == [((LEILEK,), 200)]
    await post(group(persons=100, **school))
    assert await in_force(post) == [((LEILEK,), 100), ((KADAMJAI,), 100)]


async def test_two_workers_count_the_people_of_a_site_once(sessions: async_sessionmaker[AsyncSession]) -> None:
    """The first worker has not yet committed a count with an origin.

    At the same time, the second worker gets a count of everybody at the site.
    """
    school = {"site_id": uuid4()}
    async with asyncio.TaskGroup() as tasks, sessions.begin() as first:
        await Post(first)(group(persons=100, **school))
        second = tasks.create_task(posted(sessions, at_site(persons=120, **school)))
        await wait_for(lambda: is_locked_out(sessions))
    assert second.result() == ["noted below_threshold"]


@pytest.mark.parametrize(
    ("language", "here", "nowhere"),
    [
        ("en", "now in Leilek rayon, origin not known", "origin not known, now abroad or at an unknown place"),
        ("ru", "Сейчас здесь: Лейлекский район.", "сейчас за границей или неизвестно где"),
        ("ky", "Азыр ушул жерде: Лейлек району.", "азыр чет өлкөдө же кайда экени белгисиз"),
    ],
)
async def test_the_reason_states_that_the_origin_is_not_known(
    post: Post, language: str, here: str, nowhere: str
) -> None:
    await post(group(persons=60, origin=UNKNOWN), group(persons=60, origin=UNKNOWN, destination=UNKNOWN))
    known, places = translations(language), Places.load()
    reasons = [sentence(alert.reason, alert.figures, language, known, places) for alert in await post.alerts()]
    assert sorted((here in reason, nowhere in reason) for reason in reasons) == [(False, True), (True, False)]


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Displacement, origin not known, Leilek rayon"),
        ("ru", "Перемещение, откуда — неизвестно, Лейлекский район"),
        ("ky", "Жер которуу, кайдан экени белгисиз, Лейлек району"),
    ],
)
async def test_the_title_states_that_the_origin_is_not_known(post: Post, language: str, title: str) -> None:
    await post(group(persons=60, origin=UNKNOWN))
    event = AlertRaised.model_validate(await post.alert(), from_attributes=True)
    assert Texts(Places.load(), "https://alerts.example", {}).title(event, language) == title


def at_site(**changed: Any) -> GroupCounted:
    return group(origin=UNKNOWN, is_full_recount=True, covers_site=True, occurred_on=TODAY, **changed)


async def in_force(post: Post) -> list[tuple[tuple[str, ...], int]]:
    alerts = [alert for alert in await post.alerts() if not alert.is_lapsed]
    return sorted((alert.pcodes, alert.figures["persons"]) for alert in alerts)
