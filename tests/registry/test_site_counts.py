"""Tests how the valid counts give the number of people at a site."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.figures.durations import durations
from services.registry.figures.needs import needs
from services.registry.figures.queries import FigureCategory, FigureQuery, Summary, View
from services.registry.figures.statistics import figures
from services.registry.figures.stock_history import stock_on
from services.registry.models import GroupCount
from services.registry.sites.occupancies import CountAtSite, Occupancy, occupancies
from shared.auth.tokens import Role
from shared.events.vocabulary import Status
from shared.places import Places
from tests.registry.conftest import Office
from tests.registry.factories import KADAMJAI, OSH, movement
from tests.registry.statements import again_if_busy
from tests.registry.test_headcounts import EVENING, OTHER_AUTHOR, OTHER_TEAM, counted
from tests.registry.test_sites import BATKEN_OBLAST, OSH_OBLAST, occupancy, rows, saved

pytestmark = pytest.mark.anyio


async def test_the_people_at_a_site_are_those_of_the_newest_counts_in_effect(office: Office) -> None:
    """70 people from one village and 150 from another are counted.

    Then the second village's people are counted again.
    """
    site_id, empty = await saved(office), await saved(office, name_ky=None, name_ru="Школа № 6")
    here = {"site_id": str(site_id), "destination_locality": None}
    first = counted(0, 70, **here, origin_locality="Чоко-Добо")
    second = counted(1, 150, **here, origin_locality="Комсомол")
    recount = counted(3, 130, **here, origin_locality="комсомол")
    await office.file(first, second, counted(4, 999, **here, status="Exercise"))
    seen = await occupancy(office, site_id)
    assert (seen["lowest"], seen["highest"]) == (220, 220)
    await office.file(recount)
    seen = await occupancy(office, site_id, areas=(BATKEN_OBLAST,))
    assert (seen["lowest"], seen["highest"], seen["reports"]) == (200, 200, [recount["report_id"], first["report_id"]])
    assert datetime.fromisoformat(seen["counted_at"]) == EVENING + timedelta(hours=3)
    assert seen.keys() == {
        "lowest",
        "highest",
        "counted_at",
        "counted_at_precision",
        "reports",
        "has_partial_counts",
        "registered_came",
        "registered_left",
        "registered",
        "is_registered",
    }
    assert await occupancy(office, empty) is None
    assert await occupancy(office, site_id, areas=(OSH_OBLAST,)) == "not visible"


async def test_one_site_has_one_population_whatever_the_reports_say_about_the_place(office: Office) -> None:
    """Reports may name one site by id, but differ in district, name of the place and kind of shelter."""
    site_id = str(await saved(office))
    first = counted(0, 100, site_id=site_id, destination_locality="мектеп", shelter="unknown")
    recount = counted(2, 120, site_id=site_id, destination={"pcode": KADAMJAI}, destination_locality=None)
    elsewhere = counted(3, 40, site_id=str(await saved(office, name_ky=None, name_ru="Школа № 7")))
    await office.file(first)
    await office.file(recount, elsewhere)
    events = [
        json.loads(value)
        for [value] in await rows(office, "SELECT value FROM outbox WHERE topic = 'groups' ORDER BY id")
    ]
    superseded = {event["report_id"]: event.get("superseded_by") for event in events}
    assert superseded == {
        first["report_id"]: recount["report_id"],
        recount["report_id"]: None,
        elsewhere["report_id"]: None,
    }
    assert {event["report_id"]: event["site_id"] for event in events} == {
        body["report_id"]: body["site_id"] for body in (first, recount, elsewhere)
    }
    assert (await occupancy(office, UUID(site_id)))["highest"] == 120


async def test_a_count_of_the_whole_site_includes_the_groups_counted_before_it(office: Office) -> None:
    """In the figures, the people of the earlier groups keep their origin.

    All other people in the count of everybody have no known origin.
    """
    site_id = await saved(office)
    here = {"site_id": str(site_id)}
    of_village, of_osh = counted(0, 70, **here), counted(1, 150, **here, origin={"pcode": OSH}, needs=["food"])
    await office.file(of_village, of_osh)
    everybody = {"origin": {"country": "ZZ"}, "needs": ["water"]}
    whole = counted(2, 240, **here, **everybody, sex_age=[{"sex": "male", "age": "18-59", "count": 9}])
    await office.file(whole)
    assert (await occupancy(office, site_id))["highest"] == 240
    assert await by_origin(office) == {KADAMJAI: 70, OSH: 150, None: 20}
    pages = [
        (await office.get(f"/groups/{each['group_id']}?lang=en", role=Role.REGISTRAR, accept="text/html")).text
        for each in (whole, of_osh)
    ]
    assert ["people whom earlier counts there include" in page for page in pages] == [True, False]
    await office.file(counted(3, 25, **here, origin_locality="Тобей"))
    assert (await occupancy(office, site_id))["highest"] == 265
    await office.file(counted(4, 60, **here, needs=["water"]))
    assert (await occupancy(office, site_id))["highest"] == 255
    assert await by_origin(office) == {KADAMJAI: 85, OSH: 150, None: 20}
    at = (EVENING + timedelta(hours=5)).isoformat()
    await office.file(movement(of_osh, "returned", persons=30, occurred_at=at, occurred_at_precision="hour"))
    assert (await occupancy(office, site_id))["highest"] == 225
    assert await by_origin(office) == {KADAMJAI: 85, OSH: 120, None: 20}
    async with office.app.state.sessions() as session:
        assert [(each.need, each.group_persons) for each in await needs(session, ON_NEXT_DAY)] == [
            (None, 200),
            ("water", 200),
        ]
        [stock] = await stock_on(session, ON_NEXT_DAY, Summary.DESTINATION, [date(2022, 5, 6)])
    assert stock.group_persons == {FigureCategory.DISPLACED: 225}
    await office.file(counted(6, 200, **here, origin={"country": "ZZ"}, mobility="evacuation"))
    fallen = await by_origin(office)  # the later count of everybody has 200 people, not 85 + 120
    assert sum(fallen.values()) == (await occupancy(office, site_id))["highest"] == 200
    assert abs(fallen[KADAMJAI] - 85 * 200 / 205) < 1


ON_NEXT_DAY = FigureQuery(Status.ACTUAL, known=[KADAMJAI, OSH], view=View.ORIGIN, until=date(2022, 5, 7))


async def by_origin(office: Office) -> dict[str | None, int]:
    async with office.app.state.sessions() as session:
        found = await figures(session, "stock", ON_NEXT_DAY, Places.load())
    people = Counter[str | None]()
    for figure in found:
        people[figure.pcode] += figure.group_persons
    return dict(people)


async def test_people_counted_between_two_differing_counts_of_everybody_are_counted_once(office: Office) -> None:
    """The figures use the higher count of everybody, although the village was counted after it.

    The later count of everybody includes the village. The higher count is therefore treated as if it included the
    village too.
    """
    site_id = await saved(office)
    here = {"site_id": str(site_id)}
    everybody = {**here, "origin": {"country": "ZZ"}}
    await office.file(counted(0, 240, **everybody), counted(1, 70, **here))
    await office.file(counted(2, 150, **everybody), author=OTHER_AUTHOR, team=OTHER_TEAM)
    there = await occupancy(office, site_id)
    assert (there["lowest"], there["highest"]) == (150, 240)
    assert await by_origin(office) == {KADAMJAI: 70, None: 170}


# Each of 1,000 further sites gets copies of two counts: nine of the village's count, and one of the count of everybody.
COPIED = {column.name: f"one.{column.name}" for column in GroupCount.__table__.columns if column.computed is None}
NEW = {**COPIED, **dict.fromkeys(("report_id", "stock_id"), "gen_random_uuid()"), "site_id": "sites.site_id"}
COPIES = f"""
INSERT INTO counts ({", ".join(NEW)}) SELECT {", ".join(NEW.values())}
FROM counts AS one, (SELECT gen_random_uuid() AS site_id FROM generate_series(1, 1000)) AS sites,
    generate_series(1, CASE WHEN one.covers_site THEN 1 ELSE 9 END)
"""


async def test_figures_of_thousands_of_counts_take_much_less_than_ten_seconds(office: Office) -> None:
    """A comparison of each count with all others would make each of the four statements take over ten seconds."""
    here = {"site_id": str(await saved(office))}
    await office.file(counted(0, 10, **here), counted(2, 200, **here, origin={"country": "ZZ"}, needs=["water"]))
    async with office.app.state.sessions.begin() as session:
        await session.execute(text(COPIES))

    async def read() -> Any:
        async with office.app.state.sessions() as session:
            await session.execute(text("SET LOCAL statement_timeout = '10s'"))
            [stock] = await stock_on(session, ON_NEXT_DAY, Summary.ORIGIN, [date(2022, 5, 6)])
            found = await figures(session, "stock", ON_NEXT_DAY, Places.load())
            return stock, found, await needs(session, ON_NEXT_DAY), await durations(session, ON_NEXT_DAY)

    stock, found, needed, lasted = await again_if_busy(read)
    everybody = 10 + 190 + 1000 * 200
    assert stock.group_persons == {FigureCategory.DISPLACED: everybody}
    assert {figure.pcode: figure.group_persons for figure in found} == {
        KADAMJAI: 10 + 1000 * 90,
        None: 190 + 1000 * 110,
    }
    assert needed[0].group_persons == sum(figure.group_persons for figure in lasted) == everybody


async def test_only_displaced_people_in_the_country_are_at_a_site(office: Office) -> None:
    site_id = await saved(office)
    here = {"site_id": str(site_id)}
    abroad = counted(0, 9, **here, destination={"country": "TJ"})
    await office.file(counted(0, 70, **here), abroad, counted(0, 5, **here, mobility="migration"))
    assert (await occupancy(office, site_id))["highest"] == 70


async def test_a_count_in_words_from_before_the_site_was_listed_is_replaced_at_the_site(office: Office) -> None:
    """The report names a school that is not yet listed, with 70 people.

    Then the school is listed, and counted once more.
    """
    in_words: dict[str, Any] = {"destination_locality": "школа №  5", "shelter": "unknown"}
    await office.file(counted(0, 70, **in_words), counted(0, 7, destination_locality="Школа № 50"))
    site_id = await saved(office)
    recount = counted(2, 72, site_id=str(site_id), destination_locality="Школа № 5", shelter="school")
    await office.file(recount)
    in_effect = "SELECT persons FROM counts WHERE superseded_by IS NULL ORDER BY persons"
    assert await rows(office, in_effect) == [(7,), (72,)]
    assert (await occupancy(office, site_id))["highest"] == 72


async def test_a_count_that_names_a_listed_site_in_words_is_at_the_site(office: Office) -> None:
    site_id = await saved(office)
    await office.file(counted(0, 70, destination_locality="ШКОЛА №5"))
    assert (await occupancy(office, site_id))["highest"] == 70
    twin = await saved(office, name_ky=None, locality="Халмион")  # from now on, two sites have this name
    await office.file(counted(1, 9, destination_locality="Школа № 5", origin_locality="Тобей"))
    assert [(await occupancy(office, site_id))["highest"], await occupancy(office, twin)] == [70, None]


async def test_nobody_left_is_a_count(office: Office) -> None:
    site_id = await saved(office)
    await office.file(counted(0, 70, site_id=str(site_id)))
    await office.file(counted(5, 0, site_id=str(site_id)))
    assert (await occupancy(office, site_id))["highest"] == 0


async def test_a_count_at_a_site_that_is_not_known_yet_is_recorded(office: Office) -> None:
    site_id = uuid4()
    await office.file(counted(0, 70, site_id=str(site_id)))
    assert await occupancy(office, site_id) == "not visible"
    await saved(office, site_id)
    assert (await occupancy(office, site_id))["highest"] == 70


AT = datetime(2022, 5, 5, 12, tzinfo=UTC)
SITE, WHOLE, VILLAGE, OTHER = uuid4(), uuid4(), uuid4(), uuid4()


def at_site(hours: float, stock_id: UUID, persons: int, **changed: Any) -> CountAtSite:
    at = AT + timedelta(hours=hours)
    count = CountAtSite(SITE, at, at, uuid4(), stock_id, None, persons, covers_site=stock_id == WHOLE)
    return count._replace(**changed)


def replaced(count: CountAtSite, by: CountAtSite) -> CountAtSite:
    return count._replace(superseded_by=by.report_id)


def range_of(*counts: CountAtSite) -> tuple[int, int]:
    seen = occupancies(counts)[SITE]
    return seen.lowest, seen.highest


def test_teams_that_disagree_give_a_range() -> None:
    counts = [at_site(0, VILLAGE, 100), at_site(2, VILLAGE, 150), at_site(1, OTHER, 30)]
    [low, high, alone] = counts
    assert occupancies(counts) == {
        SITE: Occupancy(130, 180, high.counted_at, (high.report_id, alone.report_id, low.report_id))
    }


def test_disagreeing_counts_of_the_whole_site_stay_a_range() -> None:
    assert range_of(at_site(0, VILLAGE, 70), at_site(1, WHOLE, 200), at_site(2, WHOLE, 300)) == (200, 300)


def test_people_who_are_counted_again_after_the_whole_site_are_not_added_twice() -> None:
    """Two villages are counted (70 and 140 people), then all 210 people together, then each village again.

    Finally, all people have left.
    """
    first, second, whole = at_site(0, VILLAGE, 70), at_site(1, OTHER, 140), at_site(2, WHOLE, 210)
    assert range_of(first, second, whole) == (210, 210)
    again, other = at_site(3, VILLAGE, 80), at_site(3, OTHER, 140)
    assert range_of(replaced(first, again), second, whole, again) == (220, 220)
    assert range_of(replaced(first, again), replaced(second, other), whole, again, other) == (220, 220)
    gone, left = at_site(4, VILLAGE, 0), at_site(4, OTHER, 0)
    counts = replaced(first, again), replaced(second, other), whole, replaced(again, gone), replaced(other, left)
    assert range_of(*counts, gone, left) == (0, 0)


def test_a_village_that_nobody_counted_before_the_whole_site_is_added() -> None:
    assert range_of(at_site(0, VILLAGE, 70), at_site(1, WHOLE, 60), at_site(2, OTHER, 25)) == (85, 85)


def test_more_people_of_two_villages_than_the_whole_site_had_are_all_there() -> None:
    first, second, whole = at_site(0, VILLAGE, 70), at_site(0, OTHER, 140), at_site(1, WHOLE, 100)
    again, other = at_site(2, VILLAGE, 70), at_site(2, OTHER, 140)
    assert range_of(replaced(first, again), replaced(second, other), whole, again, other) == (210, 210)


def test_partial_counts_that_a_recount_replaced_are_deducted_with_it() -> None:
    first, part, whole = at_site(0, VILLAGE, 70), at_site(1, uuid4(), 20), at_site(2, WHOLE, 100)
    again = at_site(3, VILLAGE, 85)
    assert range_of(replaced(first, again), replaced(part, again), whole, again) == (95, 95)


def test_of_two_counts_of_one_hour_the_later_report_decides() -> None:
    """Often, teams state only the hour of a count.

    Report ids are random. A random report id does not show which of two counts is later.
    """
    for village_id, whole_id in ((UUID(int=1), UUID(int=2)), (UUID(int=2), UUID(int=1))):
        village = at_site(0, VILLAGE, 70, report_id=village_id)
        whole = at_site(0, WHOLE, 60, report_id=whole_id, reported_at=AT + timedelta(minutes=9))
        assert range_of(village, whole) == (60, 60)


def test_a_sum_with_partial_counts_says_so() -> None:
    report_id = uuid4()
    partial = at_site(1, report_id, 72, report_id=report_id)
    assert occupancies([at_site(0, VILLAGE, 70), partial])[SITE].has_partial_counts
    assert not occupancies([at_site(0, VILLAGE, 70)])[SITE].has_partial_counts
