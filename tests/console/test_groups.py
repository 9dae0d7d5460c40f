"""The board shows counted groups at their present place, and counts each person once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import board, groups, visibility
from services.console.groups import CountedGroups, CountRange, KnownSite, StatedPlace
from services.console.handlers import show
from services.console.queries import groups as group_queries
from services.console.queries import snapshots
from shared import events
from shared.auth.tokens import Principal, Role
from shared.events import Place
from shared.events.vocabulary import Mobility, OutcomeKind, Status
from shared.places import Places
from tests import gazetteers
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK, NOW, all_received, group, household, site

pytestmark = pytest.mark.anyio

PLACES = Places.load()
# The code of a village in Leilek, which begins with the district's code. The list of units does not contain this code.
VILLAGE = f"{LEILEK[:7]}810010"

# The counts that were reported by telephone on the evening of 5 May 2022.
EVENING = (
    group(70, households=20, origin_locality="Чоко-Добо", shelter="host_family"),
    group(150, households=45, origin_locality="Комсомол", shelter="host_family"),
    group(37, households=10, to=LEILEK, destination_locality="Тобей мечити", shelter="collective_centre"),
    group(26, to=LEILEK, destination_locality="чайкана", shelter="other"),
)


async def counted(
    session: AsyncSession, *counts: Any, status: Status = Status.ACTUAL, areas: tuple[str, ...] = ("KG",)
) -> CountedGroups:
    await show(all_received(counts), session)
    return groups.by_place(await group_queries.by_stated_place(session, status, areas, PLACES))


def exactly(number: int) -> CountRange:
    return CountRange(number, number)


async def test_people_in_one_settlement_are_one_row_whatever_its_name_is_written_like(session: AsyncSession) -> None:
    dobo: dict[str, Any] = {
        "destination_locality_pcode": "KG05236811010",
        "origin_locality_pcode": VILLAGE,
        "shelter": "other",
    }
    shown = await counted(
        session,
        group(70, to=LEILEK, destination_locality="Чоко-Добо", origin_locality="Таш", **dobo),
        group(30, to=LEILEK, destination_locality="Choko-Dobo", origin_locality="Tash", **dobo),
    )
    [here] = shown.here
    assert (here.figures.persons, len(here.origins)) == (exactly(100), 1)


async def test_an_evening_of_counts_is_shown_by_where_the_people_are(session: AsyncSession) -> None:
    shown = await counted(session, *EVENING, group(9))
    assert (shown.total.persons, shown.total.families) == (exactly(70 + 150 + 37 + 26 + 9), exactly(20 + 45 + 10))
    assert [(here.place, here.figures.persons.highest) for here in shown.here] == [
        (StatedPlace(shelter="host_family"), 220),
        (StatedPlace(LEILEK, locality="Тобей мечити", shelter="collective_centre"), 37),
        (StatedPlace(LEILEK, locality="чайкана", shelter="other"), 26),
        (StatedPlace(), 9),
    ]
    assert [(origin.locality, persons.highest) for origin, persons in shown.here[0].origins] == [
        ("Комсомол", 150),
        ("Чоко-Добо", 70),
    ]


async def test_what_is_not_stated_is_last_and_abroad_is_a_line_of_its_own(session: AsyncSession) -> None:
    abroad: dict[str, Any] = {"destination": Place(country="TJ")}
    shown = await counted(
        session,
        group(900),
        group(400, destination_locality="Исфара", **abroad),
        group(20, shelter="tent", **abroad),
        group(1, to=LEILEK),
    )
    places = [(here.place.pcode, here.place.country, here.figures.persons.highest) for here in shown.here]
    assert places == [(LEILEK, None, 1), (None, "TJ", 420), (None, None, 900)]
    assert [here.place.is_stated for here in shown.first(1)] == [True, False]


async def test_places_of_urgent_groups_come_first_and_urgent_households_are_counted(session: AsyncSession) -> None:
    shown = await counted(session, group(900, to=LEILEK), group(20, to=KARA_SUU, is_urgent=True), group(9))
    assert [(here.place.pcode, here.is_urgent) for here in shown.here] == [
        (KARA_SUU, True),
        (LEILEK, False),
        (None, False),
    ]
    await show(all_received((household(is_urgent=True), household())), session)
    rows = await snapshots.households(session, Status.ACTUAL, NOW, ("KG",), PLACES)
    assert board.by_area(rows, PLACES).total.urgent == 1


async def test_a_stock_is_urgent_if_any_team_says_so_until_its_people_left(session: AsyncSession) -> None:
    """At the first place, one team's count is urgent. A later count by another team is not urgent.

    At the second place, an urgent count exists, but everybody has left.
    """
    later = NOW + timedelta(hours=1)
    one_stock: dict[str, Any] = {"stock_id": uuid4(), "to": LEILEK}
    first, second = group(100, is_urgent=True, **one_stock), group(127, counted_at=later, **one_stock)
    shown = await counted(session, first, second, group(0, to=KARA_SUU, is_urgent=True))
    assert [(here.place.pcode, here.is_urgent) for here in shown.here] == [(LEILEK, True), (KARA_SUU, False)]
    at_one_site = [at_school(hours, 70, is_urgent=not hours, stock_id=SCHOOL.site_id) for hours in (0, 1)]
    shown = await counted(session, SCHOOL, *at_one_site)
    assert [here.is_urgent for here in shown.here if here.place.site] == [True]


async def test_counts_of_one_stock_that_differ_are_a_range_and_are_never_added(session: AsyncSession) -> None:
    one_stock: dict[str, Any] = {"stock_id": uuid4(), "to": LEILEK, "shelter": "tent"}
    first, second = group(100, households=20, **one_stock), group(127, households=25, **one_stock)
    shown = await counted(session, first, second, group(10, to=LEILEK, shelter="tent"))
    (here,) = shown.here
    assert here.figures.persons == shown.total.persons == CountRange(110, 137)
    assert shown.total.families == CountRange(20, 25)
    assert [persons for _, persons in here.origins] == [CountRange(110, 137)]


async def test_a_locality_written_differently_is_one_place_named_as_in_the_newest_count(session: AsyncSession) -> None:
    older = group(30, to=LEILEK, destination_locality="тобей  Мечити", counted_at=NOW - timedelta(days=1500))
    shown = await counted(session, older, group(7, to=LEILEK, destination_locality="Тобей мечити"))
    assert [(here.place.locality, here.figures.persons.highest) for here in shown.here] == [("Тобей мечити", 37)]


async def test_a_locality_typed_without_kyrgyz_letters_is_one_row_as_for_the_registry(session: AsyncSession) -> None:
    older = group(30, to=LEILEK, destination_locality="Кок Таш", counted_at=NOW - timedelta(days=1500))
    shown = await counted(session, older, group(7, to=LEILEK, destination_locality="Көк-Таш"))
    assert [(here.place.locality, here.figures.persons.highest) for here in shown.here] == [("Көк-Таш", 37)]


async def test_people_who_returned_are_not_shown_and_their_families_are_in_proportion(session: AsyncSession) -> None:
    gone = {"displaced": 30, "returned": 40, "settled": 0, "confirmed_on": NOW.date()}
    shown = await counted(session, group(70, households=20, to=LEILEK, whereabouts=gone))
    # families: 20 * 30 / 70, rounded up
    assert (shown.total.persons, shown.total.families) == (exactly(30), exactly(9))


async def test_a_replaced_count_is_not_shown_until_it_has_effect_again(session: AsyncSession) -> None:
    whole = group(283, to=LEILEK, is_full_recount=True)
    replaced = whole.model_copy(update={"persons": 37, "report_id": uuid4()})
    by_recount = {"superseded_by": whole.report_id, "sequence": 2}
    changed = events.GroupStatusChanged.model_validate(replaced.model_dump() | by_recount)
    assert (await counted(session, replaced, whole)).total.persons == CountRange(37, 283)
    assert (await counted(session, changed)).total.persons == exactly(283)
    again = changed.model_copy(update={"superseded_by": None, "sequence": 3})
    assert (await counted(session, again)).total.persons == CountRange(37, 283)


async def test_a_recount_replaces_the_counts_it_names_before_their_own_events_come(session: AsyncSession) -> None:
    replaced, other = group(37, to=LEILEK), group(5, to=LEILEK)
    whole = group(283, to=LEILEK, is_full_recount=True, replaces=(replaced.report_id,), sequence=3)
    assert (await counted(session, replaced, other)).total.persons == exactly(42)
    assert (await counted(session, whole)).total.persons == exactly(283 + 5)


async def test_a_recount_that_comes_late_does_not_replace_a_count_restored_since_then(session: AsyncSession) -> None:
    replaced = group(37, to=LEILEK)
    whole = group(283, to=LEILEK, is_full_recount=True, replaces=(replaced.report_id,), sequence=3)
    restored = events.GroupStatusChanged.model_validate(replaced.model_dump() | {"sequence": 4})
    assert (await counted(session, restored, whole)).total.persons == exactly(283 + 37)


async def test_the_newest_state_of_a_count_wins_in_any_order(session: AsyncSession) -> None:
    first = group(150)
    corrected = events.GroupCorrected.model_validate(first.model_dump() | {"persons": 161, "sequence": 2})
    assert (await counted(session, corrected)).total.persons == exactly(161)
    (late,) = await show(all_received([first]), session)
    assert late.kind is OutcomeKind.NOTED
    assert (await counted(session)).total.persons == exactly(161)


async def test_persons_estimated_from_families_and_yards_are_shown_apart(session: AsyncSession) -> None:
    estimated = group(150, households=30, persons_estimated=True)
    shown = await counted(session, estimated, group(26), group(12, households=3, household_unit="yards"))
    total = shown.total
    assert (total.persons.highest, total.estimated, total.families, total.yards) == (
        188,
        exactly(150),
        exactly(30),
        exactly(3),
    )


async def test_zero_is_a_count(session: AsyncSession) -> None:
    shown = await counted(session, group(0, to=LEILEK, is_full_recount=True))
    assert [here.figures.persons for here in shown.here] == [exactly(0)]


async def test_only_displaced_people_who_are_present_now_are_counted(session: AsyncSession) -> None:
    everyone = [group(10, mobility=mobility) for mobility in Mobility]
    shown = await counted(session, *everyone, group(500, measure="flow"), group(40, status="Exercise"))
    assert shown.total.persons == exactly(20)


async def test_an_exercise_counts_its_own_groups(session: AsyncSession) -> None:
    shown = await counted(session, group(10), group(40, status="Exercise"), status=Status.EXERCISE)
    assert shown.total.persons == exactly(40)


async def test_an_operator_of_an_area_sees_the_groups_that_are_there_or_came_from_there(session: AsyncSession) -> None:
    """A group's present place decides which operators see the group.

    If the present place is abroad or unknown, the origin decides, as for households.
    """
    from_kara_suu: dict[str, Any] = {"origin": Place(pcode=KARA_SUU)}
    abroad = group(4, destination=Place(country="TJ"))
    seen = [group(1, to=LEILEK, **from_kara_suu), group(2), abroad, group(64, to=VILLAGE, **from_kara_suu)]
    hidden = [group(8, to=KARA_SUU), group(16, **from_kara_suu), group(32, origin=Place(country="TJ"))]
    shown = await counted(session, *seen, *hidden, areas=(BATKEN,))
    assert (shown.total.persons, shown.abroad.persons) == (exactly(1 + 2 + 64), exactly(4))
    of_leilek = await counted(session, areas=(LEILEK,))
    assert of_leilek.total.persons == exactly(1 + 64)


async def test_households_in_a_village_are_shown_to_the_operators_of_its_district(session: AsyncSession) -> None:
    await counted(session, household(destination=VILLAGE), household(destination=KARA_SUU))
    (here,) = await snapshots.households(session, Status.ACTUAL, NOW, (LEILEK,), PLACES)
    assert (here.destination_pcode, here.households) == (VILLAGE, 1)


async def test_people_abroad_are_never_added_to_the_people_in_the_country(session: AsyncSession) -> None:
    """People at an unknown place are counted in the country."""
    abroad = group(420, households=84, destination=Place(country="TJ"))
    shown = await counted(session, abroad, group(10, to=LEILEK), group(5))
    assert (shown.total.persons, shown.total.families) == (exactly(15), exactly(0))
    assert (shown.abroad.persons, shown.abroad.families) == (exactly(420), exactly(84))


async def test_roles_that_the_stream_gives_no_groups_see_districts_and_shelter_only(session: AsyncSession) -> None:
    there: dict[str, Any] = {"shelter": "tent", "origin_locality": "Комсомол"}
    counts = [
        group(1, to=VILLAGE, destination_locality="чайкана", **there),
        group(2, to=LEILEK, destination_locality="Тобей мечити", **there),
    ]
    await show(all_received(counts), session)
    rows = await group_queries.by_stated_place(session, Status.ACTUAL, ("KG",), PLACES)
    (here,) = groups.by_place(rows, PLACES.district).here
    assert (here.place, here.figures.persons) == (StatedPlace(LEILEK, shelter="tent"), exactly(3))
    assert here.origins == [(StatedPlace(KADAMJAI), exactly(3))]


def test_localities_are_for_the_roles_that_the_stream_gives_groups() -> None:
    of_roles = {role: Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({role}), areas=("KG",)) for role in Role}
    seeing = {role for role, principal in of_roles.items() if visibility.sees_localities(principal)}
    assert seeing == {Role.OPERATOR, Role.DUTY_HEAD, Role.REGISTRAR}


async def test_a_count_from_kadamjai_names_it_if_no_locality_is_stated(session: AsyncSession) -> None:
    (here,) = (await counted(session, group(26, to=LEILEK))).here
    assert here.origins == [(StatedPlace(KADAMJAI), exactly(26))]


async def test_people_at_a_site_are_one_row_with_the_sites_name_in_the_readers_language(session: AsyncSession) -> None:
    known = site(name_ky="№ 5 мектеп", name_ru="Школа № 5", pcode=LEILEK, locality="Тобей")
    here: dict[str, Any] = {"site_id": known.site_id, "origin_locality": "Комсомол"}
    await counted(session, group(70, to=KADAMJAI, destination_locality="мектеп", shelter="tent", **here))
    shown = await counted(session, known, group(150, to=LEILEK, shelter="collective_centre", **here))
    [row] = shown.here
    assert (row.figures.persons, row.place.pcode) == (exactly(220), LEILEK)
    assert [row.place.name(language, PLACES) for language in ("ky", "ru", "en")] == [
        "№ 5 мектеп",
        "Школа № 5",
        "№ 5 мектеп",
    ]
    assert row.place.address("en", PLACES) == "Тобей, Leilek rayon"
    renamed = known.model_copy(update={"name_ru": "Гимназия № 5", "version": 2})
    assert (await counted(session, renamed, known)).here[0].place.name("ru", PLACES) == "Гимназия № 5"


def test_the_settlement_of_a_place_and_of_a_site_is_named_in_the_readers_language() -> None:
    places, code = gazetteers.with_dobo(), gazetteers.DOBO
    village = StatedPlace(KADAMJAI, locality="Choko-Dobo", locality_pcode=code)
    school = StatedPlace(KADAMJAI, site=KnownSite(uuid4(), {"ru": "Школа № 5"}, "Choko-Dobo", code))
    named = [(place.name("ru", places), place.address("ru", places)) for place in (village, school)]
    district = "Кадамжайский район"
    assert named == [("с. Чоко-Добо", district), ("Школа № 5", f"с. Чоко-Добо, {district}")]


async def test_until_the_site_is_known_its_row_has_the_reported_name(session: AsyncSession) -> None:
    [row] = (await counted(session, group(70, to=LEILEK, site_id=uuid4(), destination_locality="Школа № 5"))).here
    assert (row.place.name("ru", PLACES), row.place.pcode) == ("Школа № 5", LEILEK)


async def test_a_reader_who_sees_no_localities_sees_no_site(session: AsyncSession) -> None:
    known = site()
    await counted(session, known, group(70, to=VILLAGE, site_id=known.site_id, destination_locality="Школа № 5"))
    rows = await group_queries.by_stated_place(session, Status.ACTUAL, ("KG",), PLACES)
    [row] = groups.by_place(rows, PLACES.district).here
    assert row.place == StatedPlace(LEILEK)


def at_school(hours: float, persons: int, **changed: Any) -> events.GroupCounted:
    at = NOW + timedelta(hours=hours)
    fields = {"to": LEILEK, "site_id": SCHOOL.site_id, "counted_at": at, "reported_at": at, "is_full_recount": True}
    whole = {"origin": Place(country="ZZ"), "covers_site": True} if "origin_locality" not in changed else {}
    return group(persons, **{**fields, **whole, **changed})


SCHOOL = site()


async def test_people_at_a_site_are_not_added_to_the_count_of_everybody_there(session: AsyncSession) -> None:
    """The people of two villages are counted, then everybody at the school, then one village a second time.

    Finally, all people have left the school.
    """
    villages: list[dict[str, Any]] = [{"origin_locality": name, "stock_id": uuid4()} for name in ("Комсомол", "Тобей")]
    first, second = at_school(0, 70, households=14, **villages[0]), at_school(1, 140, households=28, **villages[1])
    whole = at_school(2, 210, households=42)
    shown = await counted(session, SCHOOL, first, second, whole, group(9, to=LEILEK))
    assert (shown.total.persons, shown.total.families) == (exactly(219), exactly(42))
    again = at_school(3, 80, households=16, replaces=(first.report_id,), sequence=2, **villages[0])
    shown = await counted(session, again)
    assert (shown.total.persons, shown.total.families) == (exactly(229), exactly(44))
    [row, _] = shown.here
    assert [(origin.locality, persons) for origin, persons in row.origins] == [
        ("Комсомол", exactly(80)),
        (None, exactly(140)),
    ]
    gone = at_school(4, 0, stock_id=whole.stock_id, replaces=(whole.report_id,), sequence=3)
    assert (await counted(session, gone)).total.persons == exactly(9)


async def test_people_abroad_are_not_at_a_site_in_the_country(session: AsyncSession) -> None:
    abroad = group(5, site_id=SCHOOL.site_id, destination=Place(country="TJ"))
    shown = await counted(session, SCHOOL, abroad, at_school(0, 70))
    assert (shown.total.persons, shown.abroad.persons) == (exactly(70), exactly(5))
