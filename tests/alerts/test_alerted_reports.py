"""If a report leads to an alert, the report's author learns of the alert.

Authors of held reports learn of the alert as well. The reports may come before or after the alert.
"""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts import exposures
from shared.events import GroupCounted, GroupHeld, HouseholdHeld, HouseholdRegistered, Place
from shared.places import Places
from shared.places.points import KnownPoints
from tests.alerts.factories import (
    ALAI,
    LEILEK,
    NOW,
    TODAY,
    AnyEvent,
    after_movement,
    group,
    held,
    household,
    mudflow,
    received,
    rules,
    site,
)
from tests.alerts.night import Night
from tests.alerts.post import Post
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio
ALERTED = """
SELECT convert_from(value, 'utf8') FROM outbox
WHERE convert_from(headers, 'utf8') LIKE '%dayar.report.alerted.v1%' ORDER BY id
"""


async def published(post: Post) -> list[tuple[str, UUID]]:
    rows = [json.loads(row[0]) for row in await post.fetch(ALERTED)]
    return [(row["status"], UUID(row["report_id"])) for row in rows]


async def alerted(post: Post) -> set[tuple[str, UUID]]:
    return set(await published(post))


def ids(*events: HouseholdRegistered | GroupCounted | HouseholdHeld | GroupHeld) -> set[tuple[str, UUID]]:
    return {(event.status, event.report_id) for event in events}


async def test_all_reports_of_the_window_are_alerted_and_so_are_later_ones(post: Post) -> None:
    families, count = [household(persons=2) for _ in range(5)], group(persons=20, destination=Place(pcode=ALAI))
    waiting = held(household(persons=15))
    apart = [
        household(origin=Place(pcode=LEILEK)),
        household(occurred_on=TODAY - timedelta(days=30)),
        household(mobility="unable_to_move"),
        household(status="Exercise"),
    ]
    await post(*families, *apart)
    await post(count, waiting)
    assert await alerted(post) == set()
    last = household(persons=5)
    await post(last)
    assert await alerted(post) == ids(*families, count, waiting, last)
    later = household(), held(group(persons=3)), group(persons=4)
    await post(*later, household(status="Exercise"), household(origin=Place(pcode=LEILEK)))
    assert await alerted(post) == ids(*families, count, waiting, last, *later)


async def test_counted_movements_are_alerted_neither_before_nor_after_the_alert(post: Post) -> None:
    """The rule counts people at a place. The rule ignores counts of people who were moving."""
    families = [household() for _ in range(10)]
    await post(group(measure="flow"), held(group(measure="flow")))
    await post(*families)
    await post(group(measure="flow"), held(group(measure="flow")))
    assert await alerted(post) == ids(*families)


async def test_a_count_of_movements_that_becomes_a_count_of_people_is_alerted(post: Post) -> None:
    families, wrong = [household() for _ in range(10)], group(measure="flow")
    await post(*families)
    await post(wrong)
    await post(group(**dict(wrong) | {"sequence": 2, "version": 2, "measure": "stock"}))
    assert await alerted(post) == ids(*families, wrong)


async def test_later_events_about_alerted_people_publish_nothing(post: Post) -> None:
    families, count, home = [household() for _ in range(10)], group(), household()
    await post(*families)
    await post(count, held(home))
    assert sorted(await published(post)) == sorted(ids(*families, count, home))
    await post(
        after_movement(families[0], 3),
        household(**dict(families[1]) | {"sequence": 2, "version": 2, "persons": 4}),
        group(**dict(count) | {"sequence": 2, "version": 2, "persons": 25}),
        home,
    )
    await post(after_movement(home, 2), group(**dict(count) | {"sequence": 3, "superseded_by": uuid4()}))
    assert sorted(await published(post)) == sorted(ids(*families, count, home))


async def test_a_report_that_comes_with_its_correction_is_published_once(post: Post) -> None:
    families, new = [household() for _ in range(10)], household()
    await post(*families)
    await post(new, household(**dict(new) | {"sequence": 2, "version": 2, "persons": 4}))
    assert sorted(await published(post)) == sorted(ids(*families, new))


async def test_reports_of_an_exercise_are_alerted_only_by_its_own_alert(post: Post) -> None:
    real, practice = household(persons=49), [household(status="Exercise") for _ in range(10)]
    await post(real, *practice)
    assert await alerted(post) == ids(*practice)


async def test_an_alert_that_came_too_late_to_be_sent_alerts_nobody(post: Post) -> None:
    await post(*(household(occurred_on=TODAY - timedelta(days=60)) for _ in range(10)))
    assert (await post.alert()).is_suppressed
    assert await alerted(post) == set()


async def test_reports_of_a_withdrawn_alert_are_alerted_when_it_comes_back(post: Post) -> None:
    wrong = [household() for _ in range(10)]
    await post(*wrong)
    await post(*(corrected(report) for report in wrong))
    quiet = [household() for _ in range(9)]
    await post(*quiet)
    assert await alerted(post) == ids(*wrong)
    last = household()
    await post(last)
    assert await alerted(post) == ids(*wrong, *quiet, last)


def corrected(report: HouseholdRegistered) -> HouseholdRegistered:
    return household(**dict(report) | {"sequence": 2, "version": 2, "origin": Place(country="TJ")})


async def test_a_replaced_count_is_alerted_whether_it_comes_before_or_after_its_recount(post: Post) -> None:
    old = group(persons=30, sequence=1)
    shared: dict[str, Any] = {"group_id": old.group_id, "stock_id": old.stock_id}
    recount = group(persons=60, sequence=2, replaces=[old.report_id], **shared)
    await post(recount)
    await post(old)
    assert await alerted(post) == ids(old, recount)


async def test_counts_that_move_with_their_stock_into_an_alerted_window_are_alerted(post: Post) -> None:
    late = group(persons=5, occurred_on=TODAY + timedelta(days=10), destination=Place(pcode=ALAI))
    families = [household() for _ in range(10)]
    await post(*families)
    await post(late)
    assert ids(late).isdisjoint(await alerted(post))
    early = group(persons=5, stock_id=late.stock_id, group_id=late.group_id, destination=Place(pcode=ALAI))
    await post(early)
    assert sorted(await published(post)) == sorted(ids(*families, early, late))


async def test_the_report_of_a_movement_is_alerted_instead_of_the_ids_of_the_moved_parts(post: Post) -> None:
    movement_id, homes = uuid4(), [household(origin=Place(country="TJ")) for _ in range(10)]
    await post(*homes)
    left = {"status": "Actual", "occurred_on": TODAY, "occurred_on_precision": "day", "mobility": "displacement"}
    forced = {**left, "origin": {"pcode": LEILEK}, "movement_id": movement_id}
    moved = [after_movement(home, 4, displacement={**forced, "report_id": uuid4()}) for home in homes]
    await post(*moved[1:])
    part = group(persons=30, origin=Place(pcode=LEILEK), destination=Place(pcode=ALAI), movement_id=movement_id)
    await post(part)
    assert await alerted(post) == {("Actual", movement_id)}
    await post(moved[0])
    assert await alerted(post) == {("Actual", movement_id)}


FROM_ABROAD = {"origin": Place(country="TJ")}  # the rule of departures ignores people who come from abroad
POINT = {"lat": 40.10, "lon": 71.70}
FAN = {"pcodes": [LEILEK], "circles": [{**POINT, "radius_km": 2}]}


async def test_the_reports_that_an_exposure_alert_counts_and_its_hazard_are_alerted_once(post: Post) -> None:
    flood, school, elsewhere = mudflow(area=FAN), site(**POINT), site(lat=40.2, lon=71.7)
    homes, at_school = [household(**FROM_ABROAD) for _ in range(2)], group(site_id=school.site_id, **FROM_ABROAD)
    without_site, fled_the_flood = group(**FROM_ABROAD), household(hazard_id=flood.hazard_id, **FROM_ABROAD)
    others: list[AnyEvent] = [
        household(mobility="migration", **FROM_ABROAD),
        household(destination=Place(pcode=ALAI), **FROM_ABROAD),
        household(status="Exercise", **FROM_ABROAD),
        group(site_id=elsewhere.site_id, **FROM_ABROAD),
    ]
    await post(school, elsewhere, *homes, at_school, without_site, fled_the_flood, *others)
    assert await alerted(post) == set()
    await post(flood)
    expected = ids(*homes, at_school, without_site) | {("Actual", flood.report_id)}
    assert sorted(await published(post)) == sorted(expected)

    # another team counts the people at the school; one household leaves, and one household comes
    again = group(site_id=school.site_id, stock_id=at_school.stock_id, persons=18, **FROM_ABROAD)
    left = household(**dict(homes[0]) | {"sequence": 2, "destination": Place(pcode=ALAI)})
    came, movement_id, second = household(**FROM_ABROAD), uuid4(), mudflow(area=FAN)
    await post(again, left, came, group(movement_id=movement_id, **FROM_ABROAD))
    await post(second)
    expected |= ids(again, came, fled_the_flood) | {("Actual", movement_id), ("Actual", second.report_id)}
    assert sorted(await published(post)) == sorted(expected)


async def test_an_exposure_alert_that_came_too_late_alerts_nobody_and_one_of_an_exercise_no_real_report(
    post: Post,
) -> None:
    await post(household(), group(), mudflow(area=FAN, onset=NOW - timedelta(days=30)))
    practice, exercise = household(status="Exercise"), mudflow(area=FAN, status="Exercise")
    await post(practice, exercise)
    assert await alerted(post) == ids(practice) | {("Exercise", exercise.report_id)}


async def test_an_exposure_alert_publishes_many_reports_in_parts(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exposures, "MOST_REPORTS", 2)
    homes, flood = [household(**FROM_ABROAD) for _ in range(4)], mudflow(area=FAN)
    await post(*homes, flood)
    assert sorted(await published(post)) == sorted(ids(*homes) | {("Actual", flood.report_id)})


async def test_a_closed_exposure_alert_publishes_no_further_reports_and_old_notes_are_deleted(post: Post) -> None:
    home, flood = household(**FROM_ABROAD), mudflow(area=FAN)
    await post(home, flood)
    before = ids(home) | {("Actual", flood.report_id)}
    assert await alerted(post) == before
    await post.fetch("UPDATE alerts SET resolved_at = now() RETURNING alert_id")
    await post.fetch("UPDATE alerted_reports SET noted_at = now() - interval '91 days' RETURNING report_id")
    await post(household(**FROM_ABROAD))
    assert await alerted(post) == before
    assert await post.fetch("SELECT report_id FROM alerted_reports") == []


async def test_the_running_task_searches_reports_only_at_the_interval(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposures, "EVERY_SECONDS", 0.001)
    async with night.sessions.begin() as session:
        await night.watch([received(each) for each in (household(**FROM_ABROAD), mudflow(area=FAN))], session)
    looks = 0

    def clock() -> datetime:
        nonlocal looks
        looks += 1  # the task reads the clock at least twice in each round
        return night.now

    async def has_looked() -> bool:
        return looks > 20

    async def notes() -> int:
        async with night.sessions.begin() as session:
            return await session.scalar(text("SELECT count(*) FROM alerted_reports")) or 0

    async with asyncio.TaskGroup() as group:
        places = Places.load()
        task = exposures.Exposures(rules(), places, KnownPoints(places), clock)
        running = group.create_task(task.run(night.sessions))
        await wait_for(has_looked)
        async with night.sessions.begin() as session:
            await session.execute(text("DELETE FROM alerted_reports"))
        looks = 0
        await wait_for(has_looked)
        assert await notes() == 0
        night.now += exposures.RENEWED_EVERY
        assert await wait_for(notes) == 2
        running.cancel()
