"""Full recounts replace earlier counts, and partial counts are added. If two teams disagree, the result is a range."""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.figures.queries import FigureQuery
from services.registry.figures.statistics import figures
from shared.auth.tokens import Role
from shared.events.vocabulary import Status
from shared.places import Places
from tests.installation import wait_for
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, LEILEK, Desk, group, movement

pytestmark = pytest.mark.anyio

EVENING = datetime(2022, 5, 5, 15, tzinfo=UTC)
SCHOOL = {"destination_locality": "Мектеп № 3", "shelter": "collective_centre", "destination": {"pcode": BATKEN}}
OTHER_TEAM, OTHER_AUTHOR = uuid4(), uuid4()


def counted(hours: float, persons: int, **changed: Any) -> dict[str, Any]:
    at = (EVENING + timedelta(hours=hours)).isoformat()
    body = {**SCHOOL, "persons": persons, "is_full_recount": True, "counted_at": at, "reported_at": at, "sex_age": []}
    return group(**{**body, "occurred_at": "2022-05-05T06:00:00Z", **changed})


async def stocks(file: Filing) -> list[list[int]]:
    newest: dict[str, dict[str, Any]] = {}
    for event in sorted(await file.events("groups"), key=lambda event: event["sequence"]):
        newest[event["report_id"]] = event
    by_stock: defaultdict[str, list[int]] = defaultdict(list)
    for event in newest.values():
        if "superseded_by" not in event:
            by_stock[event["stock_id"]].append(event["persons"])
    return sorted(sorted(persons) for persons in by_stock.values())


async def types(file: Filing) -> list[str]:
    rows = await file.rows("outbox ORDER BY id")
    return [name for row in rows if row["topic"] == "groups" for name in [event_name(row["headers"])]]


def event_name(headers: bytes) -> str:
    names = ("counted", "corrected", "status_changed")
    return next(name for name in names if f"dayar.group.{name}.v1".encode() in headers)


async def test_a_first_count_is_published_with_its_localities_and_the_time_of_the_count(file: Filing) -> None:
    body = counted(0, 150, origin_locality="Комсомол", households=45, persons_estimated=True)
    assert await file(body) == ["recorded"]
    [event] = await file.events("groups")
    assert (event["group_id"], event["report_id"]) == (body["group_id"], body["report_id"])
    assert (event["origin_locality"], event["destination_locality"]) == ("Комсомол", "Мектеп № 3")
    assert (event["persons"], event["households"], event["persons_estimated"]) == (150, 45, True)
    assert datetime.fromisoformat(event["counted_at"]) == EVENING
    assert (event["shelter"], event["occurred_on"]) == ("collective_centre", "2022-05-05")


async def test_without_the_time_of_the_count_the_time_of_the_report_counts(file: Filing) -> None:
    await file(counted(3, 10, counted_at=None))
    [event] = await file.events("groups")
    assert datetime.fromisoformat(event["counted_at"]) == EVENING + timedelta(hours=3)


@pytest.mark.parametrize("precision", ["day", "week"])
async def test_a_count_without_an_hour_is_the_latest_of_its_day_but_not_later_than_its_report(
    file: Filing, precision: str
) -> None:
    """The first count was made at 21:00 in Bishkek."""
    noon = {"counted_at": (EVENING - timedelta(hours=9)).isoformat(), "counted_at_precision": precision}
    before, after = (EVENING + timedelta(hours=hours) for hours in (-2, 12))
    await file(counted(0, 100))
    await file(early := counted(0, 95, **noon, reported_at=before.isoformat()))
    assert await stocks(file) == [[100]]
    await file(whole := counted(0, 110, **noon, reported_at=after.isoformat()))
    assert await stocks(file) == [[110]]
    times = {event["report_id"]: event["counted_at"] for event in await file.events("groups")}
    assert datetime.fromisoformat(times[early["report_id"]]) == before
    midnight = EVENING + timedelta(hours=3)
    assert midnight - datetime.fromisoformat(times[whole["report_id"]]) == timedelta(microseconds=1)
    await file(counted(4, 105))
    assert await stocks(file) == [[105]]


async def test_a_full_recount_replaces_earlier_full_and_partial_counts(file: Filing) -> None:
    await file(counted(0, 100), counted(1, 20, is_full_recount=False))
    await file(counted(5, 130))
    assert await stocks(file) == [[130]]
    assert (await types(file))[2:] == ["counted", "status_changed", "status_changed"]


async def test_a_recount_names_the_reports_that_it_replaces_now(file: Filing) -> None:
    first, second, third = counted(0, 100), counted(5, 130), counted(6, 140)
    for body in (first, second, third):
        await file(body)
    by_report = {event["report_id"]: event["replaces"] for event in await file.events("groups") if event["replaces"]}
    assert by_report == {second["report_id"]: [first["report_id"]], third["report_id"]: [second["report_id"]]}


async def test_a_count_dated_in_the_future_replaces_no_later_one(file: Filing) -> None:
    await file(counted(0, 5, counted_at=(EVENING + timedelta(days=365)).isoformat()))
    await file(counted(5, 100))
    assert await stocks(file) == [[100]]


async def test_estimated_persons_are_imprecise_in_figures(office: Office) -> None:
    await office.file(counted(0, 150, persons_estimated=True, quantifier="exact"), counted(1, 20, quantifier="exact"))
    query = FigureQuery(Status.ACTUAL, known=[BATKEN], until=date(2022, 5, 7))
    async with office.app.state.sessions() as session:
        [figure] = await figures(session, "stock", query, Places.load())
    assert (figure.groups, figure.group_imprecise) == (1, 0)
    await office.file(counted(2, 60, persons_estimated=True, quantifier="exact", shelter="tent"))
    async with office.app.state.sessions() as session:
        [figure] = await figures(session, "stock", query, Places.load())
    assert (figure.groups, figure.group_imprecise) == (2, 1)


async def test_partial_counts_add_up(file: Filing) -> None:
    await file(counted(0, 100), counted(1, 20, is_full_recount=False), counted(2, 7, is_full_recount=False))
    assert await stocks(file) == [[7], [20], [100]]


@pytest.mark.parametrize(
    "other",
    [
        {"destination_locality": None},
        {"destination_locality": " — "},
        {"destination_locality": "Мектеп № 4"},
        {"shelter": "tent"},
        {"destination": {"pcode": LEILEK}},
        {"origin": {"pcode": LEILEK}},
        {"origin_locality": "Тобей"},
        {"mobility": "evacuation"},
        {"status": "Exercise"},
        {"hazard_id": str(uuid4())},
        {"measure": "flow"},
    ],
    ids=lambda other: "-".join(f"{name}" for name in other),
)
async def test_a_full_recount_of_other_people_replaces_nothing(file: Filing, other: dict[str, Any]) -> None:
    hazard = {"hazard_id": str(uuid4())}
    await file(counted(0, 100, **hazard))
    await file(counted(5, 90, **hazard | other))
    assert await stocks(file) == [[90], [100]]


async def test_a_full_recount_without_a_named_place_replaces_no_other_one_without_a_place(file: Filing) -> None:
    await file(counted(0, 100, destination_locality=None))
    await file(counted(5, 90, destination_locality=None))
    assert await stocks(file) == [[90], [100]]


@pytest.mark.parametrize(
    ("first", "second", "hours", "expected"),
    [
        (100, 130, 2, [100, 130]),  # a disagreement: the difference of 30 is 23 % of 130
        (130, 100, 2, [100, 130]),
        (100, 125, 2, [125]),  # no disagreement: the difference of 25 is 20 % of 125
        (100, 130, 24, [100, 130]),
        (100, 130, 24.1, [100, 130]),  # a disagreement: no report says that people came
        (100, 900, 24 * 30, [100, 900]),
        (100, 115, 24 * 30, [115]),
        (100, 0, 2, [0, 100]),
    ],
)
async def test_teams_that_disagree_give_a_range(
    file: Filing, first: int, second: int, hours: float, expected: list[int]
) -> None:
    await file(counted(0, first))
    await file(counted(hours, second), author=uuid4(), team=OTHER_TEAM)
    assert await stocks(file) == [expected]


@pytest.mark.parametrize(
    ("hours", "persons", "expected"),
    [
        ((26, 50), (40, 45), [45]),  # a day later, two teams agree on fewer people than the first team
        ((26, 50), (40, 80), [40, 80]),  # the third count confirms the first
        ((26, 50), (40, 20), [20, 40, 100]),
        ((2, 4), (40, 45), [45, 100]),  # within a day, both later teams may have missed the same people
        ((2, 26), (40, 45), [45]),
    ],
)
async def test_a_third_count_confirms_that_people_have_come_or_left(
    file: Filing, hours: tuple[int, int], persons: tuple[int, int], expected: list[int]
) -> None:
    bodies = [counted(0, 100), *map(counted, hours, persons)]
    for body in bodies:
        await file(body, author=uuid4(), team=uuid4())
    assert await stocks(file) == [expected]


async def test_a_team_does_not_confirm_its_own_count(file: Filing) -> None:
    await file(counted(0, 100))
    for hours in (26, 50):
        await file(counted(hours, 40), author=uuid4(), team=OTHER_TEAM)
    assert await stocks(file) == [[40, 100]]


@pytest.mark.parametrize(("kind", "found"), [("returned", 40), ("transferred", 160)])
async def test_reported_movements_explain_a_later_count_of_another_team(file: Filing, kind: str, found: int) -> None:
    """A day after the count, 60 people left the school, or 60 people came from the mosque."""
    school, mosque = counted(0, 100), counted(0, 80, destination_locality="Мечит")
    to = {"destination": SCHOOL["destination"], "destination_locality": SCHOOL["destination_locality"]}
    moved, more = (school, {}) if kind == "returned" else (mosque, {**to, "shelter": SCHOOL["shelter"]})
    at = (EVENING + timedelta(hours=30)).isoformat()
    await file(school, mosque)
    await file(movement(moved, kind, persons=60, occurred_at=at, occurred_at_precision="hour", reported_at=at, **more))
    await file(counted(50, found), author=uuid4(), team=OTHER_TEAM)
    events = sorted(await file.events("groups"), key=lambda event: event["sequence"])
    [last] = [event for event in events if event["report_id"] == school["report_id"]][-1:]
    assert "superseded_by" in last


async def test_a_team_replaces_its_own_count_however_much_it_differs(file: Filing) -> None:
    await file(counted(0, 100))
    await file(counted(1, 10), author=uuid4())
    assert await stocks(file) == [[10]]


async def test_a_zero_is_a_count(file: Filing) -> None:
    await file(counted(0, 100))
    await file(counted(30, 0))
    assert await stocks(file) == [[0]]


async def test_a_corrected_recount_no_longer_replaces_what_it_did_not_count(file: Filing) -> None:
    await file(counted(0, 100))
    recount = counted(5, 90)
    await file(recount)
    await file({**recount, "version": 2, "destination_locality": "Мечит"})
    assert await stocks(file) == [[90], [100]]
    assert (await types(file))[-2:] == ["corrected", "status_changed"]


async def test_any_order_gives_the_same_counts(file: Filing) -> None:
    """Two teams' counts and corrections, about thirty, are filed in six orders."""
    draw = Random(11)
    bodies = []
    for number in range(20):
        team = draw.choice((None, OTHER_TEAM))
        place = draw.choice(("Мектеп № 3", "Мечит", None))
        is_full = draw.random() < 0.6
        body = counted(number * 7, draw.randrange(0, 200), destination_locality=place, is_full_recount=is_full)
        bodies.append((body, team))
        if draw.random() < 0.5:
            moved = draw.choice(("Мектеп № 3", "Мечит"))
            bodies.append(({**body, "version": 2, "persons": 77, "destination_locality": moved}, team))
    seen = []
    for _ in range(6):
        draw.shuffle(bodies)
        for body, team in bodies:
            await file(body, author=team or OTHER_AUTHOR, team=team)
        seen.append(await stocks(file))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]
    assert any(len(persons) > 1 for persons in seen[0])


async def test_figures_take_the_counts_in_effect_on_the_day_and_the_higher_of_two(office: Office) -> None:
    await office.file(counted(0, 100), counted(1, 20, is_full_recount=False))
    await office.file(counted(26, 130), author=uuid4(), team=OTHER_TEAM)
    await office.file(counted(30, 90))
    expected = {"2022-05-04": 0, "2022-05-05": 120, "2022-05-06": 130}
    for day, persons in expected.items():
        answer = await office.get(f"/v1/statistics/stock?date={day}", role=Role.ANALYST)
        assert answer.json()["total"]["group_persons"] == persons, day


async def test_two_workers_that_count_the_same_people_wait_for_each_other(office: Office) -> None:
    sessions, desk = office.app.state.sessions, Desk(office.installation.secrets / "seal")
    first, second = (desk.received(counted(hours, 100), author=uuid4(), team=OTHER_TEAM) for hours in (0, 1))
    async with sessions() as one, sessions() as other, sessions() as observer, asyncio.TaskGroup() as tasks:
        await office.registrar.file_reports([first], one)
        later = tasks.create_task(office.registrar.file_reports([second], other))
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        await wait_for(lambda: observer.scalar(waiting))
        await one.commit()
        await later
        await other.commit()
        replaced = await observer.scalars(text("SELECT superseded_by IS NOT NULL FROM counts ORDER BY counted_at"))
        assert list(replaced) == [True, False]
