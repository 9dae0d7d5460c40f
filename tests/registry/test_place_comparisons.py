"""Counts are compared with the registered people at their place. No event reveals where a household is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from services.registry.config import RegistrySettings
from services.registry.counts.open_counts import OpenCount, TypedPlace
from services.registry.places.comparisons import PlaceComparing
from services.registry.places.registered_places import (
    ComparedHouseholds,
    ComparedSite,
    HouseholdPlace,
    Pair,
    PresentPlaces,
    RegisteredHousehold,
    compared,
)
from services.registry.places.same_places import PlacePair, SamePlaces, site_key
from services.registry.search.keys import SearchKeys
from services.registry.stepped_tasks import IDLE_SECONDS, keep_stepping
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.events.groups import PlaceComparison
from shared.events.vocabulary import Mobility, Status
from shared.places import Places
from shared.places.localities import StatedLocality
from tests.installation import wait_for
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, group, household, movement

DAY = date(2026, 6, 15)
SCHOOL = ComparedSite(UUID(int=7), BATKEN, StatedLocality.of("Бужум", None), ["Школа № 3"])
HOSTEL = ComparedSite(UUID(int=8), BATKEN, StatedLocality.of("Самаркандек", None), ["Общежитие"])


def counted(locality: str | None = None, site: ComparedSite | None = None, pcode: str = BATKEN) -> OpenCount:
    return OpenCount(
        report_id=uuid4(),
        group_id=uuid4(),
        persons=100,
        households=None,
        household_unit=None,
        is_full_recount=True,
        counted_at=NOON,
        counted_at_precision="hour",
        received_at=NOON,
        author=uuid4(),
        hazard_id=None,
        hazard_type=None,
        population=uuid4(),
        stock_id=uuid4(),
        occurred_at=NOON,
        mobility="displacement",
        shelter=None,
        site_id=site.site_id if site else None,
        origin=TypedPlace(KADAMJAI, None, None, None),
        destination=TypedPlace(pcode, None, locality, None),
    )


def registered(
    number: int, locality: str | None = None, site: ComparedSite | None = None, *, persons: int = 5, day: date = DAY
) -> list[RegisteredHousehold]:
    return [
        RegisteredHousehold(
            household_id=str(uuid4()),
            registered_at=NOON + timedelta(minutes=minute),
            origin_pcode=KADAMJAI,
            place=HouseholdPlace(BATKEN, str(site.site_id) if site else "", StatedLocality.of(locality, None)),
            left=(day, Mobility.DISPLACEMENT),
            persons=persons,
        )
        for minute in range(number)
    ]


def compared_with(
    counts: Sequence[OpenCount], *households: list[RegisteredHousehold], same: SamePlaces | None = None
) -> list[PlaceComparison]:
    places = PresentPlaces([SCHOOL, HOSTEL], same or SamePlaces())
    found = compared(counts, [each for some in households for each in some], places)
    return [found[count.report_id] for count in counts]


def numbers(comparison: PlaceComparison) -> list[tuple[int, int]]:
    """Returns two numbers for each day of departure.

    The numbers are the persons at the count's place, and the persons at all known places.
    """
    return [(people.persons, people.stated_persons) for people in comparison.registered]


def test_people_are_compared_at_each_site_and_locality() -> None:
    counts = [counted(site=SCHOOL), counted("Зар-Таш"), counted("Зар-Таш")]
    at_school, *in_village = compared_with(
        counts, registered(10, site=SCHOOL), registered(5, "зарташ"), registered(15, "Кара-Бак"), registered(20)
    )
    assert numbers(at_school) == [(50, 150)]
    assert [numbers(comparison) for comparison in in_village] == [[(25, 150)], [(25, 150)]]
    assert in_village[0].place_id == in_village[1].place_id != at_school.place_id


@pytest.mark.parametrize(
    ("count", "households"),
    [
        (counted("Кара-Бак"), registered(5, "Karabak")),  # two nearly equal names
        (counted(site=SCHOOL), registered(5, "Бужум")),  # the household names the site's locality, but not the site
        (counted("Самаркандек"), registered(5, site=HOSTEL)),
        # one village in two administrative units
        (counted("Кара-Бак", pcode="KG05214000001"), registered(5, "Кара-Бак")),
        (counted("Кара-Бак"), registered(5)),  # the household names no locality
    ],
)
def test_people_who_may_be_at_the_counted_place_are_neither_there_nor_elsewhere(
    count: OpenCount, households: list[RegisteredHousehold]
) -> None:
    assert compared_with([count], households)[0].registered == ()


def test_a_typed_name_means_a_site_as_in_counts() -> None:
    assert numbers(compared_with([counted(site=SCHOOL)], registered(5, "школа №3"))[0]) == [(25, 25)]
    same = SamePlaces([PlacePair.of(site_key(SCHOOL.site_id), (BATKEN, "мектеп"))])
    assert numbers(compared_with([counted(site=SCHOOL)], registered(5, "Мектеп"), same=same)[0]) == [(25, 25)]


def test_only_whole_fives_of_households_are_published() -> None:
    small, large = registered(4, site=SCHOOL, persons=9), registered(9, site=HOSTEL, persons=3)
    at_school, at_hostel = compared_with([counted(site=SCHOOL), counted(site=HOSTEL)], small, large)
    assert (numbers(at_school), numbers(at_hostel)) == ([(0, 15)], [(15, 15)])
    other_day = registered(4, site=HOSTEL, day=DAY + timedelta(days=1))
    assert numbers(compared_with([counted(site=HOSTEL)], large, other_day)[0]) == [(15, 15)]


def test_fewer_than_five_changed_households_are_not_compared() -> None:
    pair, compared_households = (KADAMJAI, BATKEN), ComparedHouseholds[Pair, RegisteredHousehold]()
    before = registered(20, site=SCHOOL)
    assert compared_households.of(pair, before) == [{*before}]
    moved = [replace(each, place=each.place._replace(site_id=str(HOSTEL.site_id))) for each in before[:3]]
    assert compared_households.of(pair, [*moved, *before[3:], *registered(1)]) == [{*before}]
    now = [*moved, *before[5:]]
    assert compared_households.of(pair, now) == [{*now}]


def comparing_of(office: Office) -> PlaceComparing:
    settings = office.installation.settings(RegistrySettings)
    return PlaceComparing(
        office.app.state.sessions,
        EnvelopeEncryption(settings.registry_kek_file),
        SearchKeys(settings.search_root_file),
        Places.load(),
        Status.ACTUAL,
        clock=lambda: NOON + timedelta(days=1),
    )


async def compare(office: Office, comparing: PlaceComparing | None = None) -> PlaceComparing:
    comparing = comparing or comparing_of(office)
    while not await comparing.step():
        pass
    return comparing


async def published(office: Office) -> list[dict[str, Any]]:
    events = text("SELECT convert_from(value, 'UTF8')::json FROM outbox WHERE topic = 'groups' ORDER BY id")
    async with office.app.state.sessions() as session:
        return [event["comparison"] for event in await session.scalars(events) if event.get("comparison")]


@pytest.mark.anyio
async def test_the_worker_publishes_changed_comparisons(office: Office) -> None:
    count = group(is_full_recount=True, destination_locality="Зар-Таш")
    there = {"destination": {"pcode": BATKEN}, "destination_locality": "Зарташ"}
    families = [household(**there) for _ in range(5)]
    elsewhere = [household(**{**there, "destination_locality": "Кара-Бак"}) for _ in range(5)]
    await office.file(count, *families, *elsewhere, household(**there), household(destination={"pcode": LEILEK}))
    comparing = await compare(office)
    [first] = await published(office)
    sums = {"persons": 25, "households": 5, "stated_persons": 50, "stated_households": 10}
    assert first["registered"] == [{"occurred_on": "2026-06-15", "mobility": "displacement", **sums}]

    for family in families[:2]:
        await office.file(movement(family, "returned"))
    await compare(office, comparing)
    assert len(await published(office)) == 1
    for family in families[2:]:
        await office.file(movement(family, "returned"))
    await compare(office, comparing)
    _, second = await published(office)
    assert [(people["persons"], people["stated_persons"]) for people in second["registered"]] == [(0, 25)]
    await compare(office)  # a second worker, which compares the same counts
    assert len(await published(office)) == 2


async def households_at(office: Office, number: int, locality: str, **more: Any) -> list[dict[str, Any]]:
    there = {"destination": {"pcode": BATKEN}, "destination_locality": locality}
    families = [household(**{**there, **more}) for _ in range(number)]
    await office.file(*families)
    return families


@pytest.mark.anyio
async def test_a_group_that_cannot_be_read_stops_no_other_count(office: Office) -> None:
    damaged, sound = (group(is_full_recount=True, destination_locality=name) for name in ("Зар-Таш", "Кара-Бак"))
    await office.file(damaged, sound)
    await households_at(office, 5, "Зарташ")
    async with office.app.state.sessions.begin() as session:
        statement = text("UPDATE reports SET sealed = sealed || '\\x00' WHERE subject_id = :id")
        await session.execute(statement, {"id": damaged["group_id"]})
    with capture_logs() as lines:
        comparing = await compare(office)
    assert [line["group_id"] for line in lines if "group_id" in line] == [damaged["group_id"]]
    assert len(await published(office)) == 1
    assert comparing.rest_seconds > IDLE_SECONDS

    await households_at(office, 5, "Зарташ")
    with capture_logs() as lines:
        await compare(office, comparing)
    assert not [line for line in lines if "group_id" in line], "the same fault is logged once"
    assert len(await published(office)) == 2


@pytest.mark.anyio
async def test_mistyped_numbers_of_persons_stop_no_comparison(office: Office) -> None:
    await office.file(group(is_full_recount=True, destination_locality="Зар-Таш"))
    await households_at(office, 5, "Зарташ", persons=300_000, members=[])
    await compare(office)
    [comparison] = await published(office)
    assert comparison["registered"][0]["persons"] == 1_000_000


@pytest.mark.anyio
async def test_comparisons_end_while_households_keep_arriving(office: Office) -> None:
    await office.file(group(is_full_recount=True, destination_locality="Зар-Таш"))
    await households_at(office, 5, "Зарташ")
    comparing = comparing_of(office)
    for _ in range(2):
        await comparing.step()
        await households_at(office, 1, "Зарташ")
    assert len(await published(office)) == 1


@pytest.mark.anyio
async def test_after_a_lost_connection_fewer_than_five_changed_households_still_wait(office: Office) -> None:
    """A comparison that began anew after the lost connection would publish the change of only two households."""
    await office.file(group(is_full_recount=True, destination_locality="Зар-Таш"))
    families = await households_at(office, 5, "Зарташ")
    made: list[PlaceComparing] = []

    def make() -> PlaceComparing:
        made.append(comparing_of(office))
        return made[-1]

    async def has_published(expected: int) -> bool:
        return len(await published(office)) >= expected

    task = asyncio.create_task(keep_stepping(office.app.state.engine, make))
    try:
        await wait_for(lambda: has_published(1))
        async with office.app.state.sessions.begin() as session:
            await session.execute(text("LOCK TABLE count_comparisons"))
            await office.file(*(movement(family, "returned") for family in families[:2]))
            await wait_for(lambda: end_waiting(session))
        await office.file(*(movement(family, "returned") for family in families[2:]))
        await wait_for(lambda: has_published(2))
    finally:
        task.cancel()
        await asyncio.wait([task])
    assert len(made) == 1


async def end_waiting(session: AsyncSession) -> bool:
    waiting = "relation = 'count_comparisons'::regclass AND NOT granted"
    return bool(await session.scalar(text(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE {waiting}")))
