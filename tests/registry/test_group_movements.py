"""Tests movements of groups: how many people remain in each count, and where the people who moved are counted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.counts.headcounts import Headcount
from services.registry.groups.movements import share, tallies
from services.registry.groups.tallies import Tallies, Tally
from services.registry.places.typed_sites import TypedSites
from services.registry.reports import AnyFiled, Filed, FiledMovement
from shared.auth.tokens import Role
from shared.events.vocabulary import Flag, Precision, ReportKind
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, group, movement
from tests.registry.filing import filed_from, working_set_of

EVENING = datetime(2022, 5, 5, 15, tzinfo=UTC)
SCHOOL = {"destination_locality": "Мектеп № 3", "shelter": "collective_centre", "destination": {"pcode": BATKEN}}
TO_LEILEK = {"destination": {"pcode": LEILEK}, "destination_locality": "Лагерь", "shelter": "tent"}
TEAM, OTHER_TEAM = str(uuid4()), str(uuid4())


def counted(hours: float, persons: int, **changed: Any) -> dict[str, Any]:
    """Makes a full recount of the people in the school, `hours` after the first count."""
    at = (EVENING + timedelta(hours=hours)).isoformat()
    body = {**SCHOOL, "persons": persons, "is_full_recount": True, "counted_at": at, "reported_at": at, "sex_age": []}
    return group(**{**body, "households": None, "occurred_at": "2022-05-05T06:00:00Z", **changed})


def moved(of: dict[str, Any], kind: str, hours: float, **changed: Any) -> dict[str, Any]:
    at = (EVENING + timedelta(hours=hours)).isoformat()
    return movement(of, kind, **{"occurred_at": at, "reported_at": at, "occurred_at_precision": "hour", **changed})


async def here(file: Filing) -> dict[str, list[int]]:
    """Lists the numbers of people who are still displaced, by district, from the newest event of each count."""
    newest: dict[str, dict[str, Any]] = {}
    for event in sorted(await file.events("groups"), key=lambda event: event["sequence"]):
        newest[event["report_id"]] = event
    result = defaultdict[str, list[int]](list)
    for event in newest.values():
        persons = event.get("whereabouts", {}).get("displaced", event["persons"])
        if "superseded_by" not in event and persons:
            result[event["destination"]["pcode"]].append(persons)
    return {pcode: sorted(numbers) for pcode, numbers in result.items()}


pytest_anyio = pytest.mark.anyio


@pytest_anyio
async def test_a_part_of_a_group_returns(file: Filing) -> None:
    body = counted(0, 70, households=20)
    await file(body)
    assert await file(moved(body, "returned", 10, persons=30)) == ["recorded"]
    assert await here(file) == {BATKEN: [40]}
    [first, second] = await file.events("groups")
    assert "whereabouts" not in first
    assert (second["persons"], second["households"], second["report_id"]) == (70, 20, body["report_id"])
    whereabouts = {"displaced": 40, "returned": 30, "settled": 0, "confirmed_on": "2022-05-06"}
    assert second["whereabouts"] == {**whereabouts, "is_return_presumed": False}
    await file(moved(body, "returned", 20))
    assert await here(file) == {}


@pytest_anyio
async def test_people_who_are_transferred_are_a_count_at_their_new_place(file: Filing) -> None:
    body = counted(0, 70, origin_locality="Тобей")
    await file(body)
    await file(moved(body, "transferred", 10, persons=30, **TO_LEILEK))
    assert await here(file) == {BATKEN: [40], LEILEK: [30]}
    arrived = (await file.events("groups"))[-1]
    assert (arrived["destination_locality"], arrived["shelter"]) == ("Лагерь", "tent")
    assert (arrived["origin"], arrived["origin_locality"]) == ({"pcode": KADAMJAI}, "Тобей")
    await file(moved(body, "returned", 20))
    assert await here(file) == {}


@pytest_anyio
async def test_people_who_are_forced_onward_are_displaced_from_the_place_that_they_left(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    await file(moved(body, "displaced_again", 48, **TO_LEILEK))
    arrived = (await file.events("groups"))[-1]
    assert (arrived["origin"], arrived["origin_locality"]) == ({"pcode": BATKEN}, "Мектеп № 3")
    assert (arrived["occurred_on"], arrived["persons"]) == ("2022-05-07", 70)


@pytest_anyio
async def test_a_later_full_recount_replaces_what_was_left_and_those_who_came(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    await file(moved(body, "transferred", 10, persons=30, **TO_LEILEK))
    await file(counted(20, 45))
    assert await here(file) == {BATKEN: [45], LEILEK: [30]}
    await file(counted(21, 28, **TO_LEILEK))
    assert await here(file) == {BATKEN: [45], LEILEK: [28]}


@pytest_anyio
async def test_a_recount_under_another_id_is_of_the_same_people(file: Filing) -> None:
    """A phone gives each count its own group id. A movement may therefore name the group id of an older count."""
    first, second = counted(0, 70), counted(10, 60)
    await file(first, second)
    await file(moved(first, "returned", 20, persons=20))
    assert await here(file) == {BATKEN: [40]}


@pytest_anyio
async def test_a_recount_that_comes_late_takes_over_the_movement(file: Filing) -> None:
    first = counted(0, 70)
    await file(first)
    await file(moved(first, "transferred", 20, persons=20, **TO_LEILEK))
    await file(counted(10, 60), author=uuid4(), team=uuid4())
    assert await here(file) == {BATKEN: [40], LEILEK: [20]}


@pytest_anyio
async def test_if_teams_disagree_the_people_leave_both_counts_and_arrive_once(file: Filing) -> None:
    first = counted(0, 100)
    await file(first)
    await file(counted(2, 130), author=uuid4(), team=uuid4())
    await file(moved(first, "transferred", 10, persons=20, **TO_LEILEK))
    assert await here(file) == {BATKEN: [80, 110], LEILEK: [20]}


@pytest.mark.parametrize(
    ("returned", "later", "left"),
    [
        (30, 70, [0, 70]),  # 70 people were left, so the teams agree
        (30, 56, [0, 56]),  # 56 is 20 % fewer than 70
        (30, 55, [55, 70]),
        (50, 95, [50, 95]),  # the reported numbers agree, but 50 people were left
        (0, 70, [70, 100]),
    ],
)
def test_teams_differ_by_the_people_who_were_left_at_the_time_of_the_later_count(
    returned: int, later: int, left: list[int]
) -> None:
    first, again = counted(0, 100), counted(10, later)
    moves = [moved(first, "returned", 5, persons=returned)] if returned else []
    known = tallies_of([first, *moves], [again])
    in_effect = [
        0 if known[body["report_id"]].standing.superseded_by else known[body["report_id"]].displaced
        for body in (first, again)
    ]
    assert sorted(in_effect) == left


def test_people_who_leave_at_the_time_of_a_count_or_later_do_not_settle_a_difference() -> None:
    first, again = counted(0, 100), counted(10, 70)
    for hours in (10, 11):
        known = tallies_of([first, moved(first, "returned", hours, persons=30)], [again])
        assert [known[body["report_id"]].displaced for body in (first, again)] == [70, 40]
        assert known[first["report_id"]].standing.superseded_by is None


@pytest_anyio
async def test_more_people_than_were_counted_leave_nobody(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    assert await file(moved(body, "returned", 10, persons=90)) == ["recorded"]
    assert await here(file) == {}


@pytest_anyio
async def test_a_reversed_movement_never_happened(file: Filing) -> None:
    body = counted(0, 70)
    transfer = moved(body, "transferred", 10, persons=30, **TO_LEILEK)
    await file(body)
    await file(transfer)
    await file({**transfer, "version": 2, "is_reversed": True})
    assert await here(file) == {BATKEN: [70]}
    assert len(await file.rows("counts")) == 1
    assert await file.rows("group_stays") == []


@pytest_anyio
async def test_a_movement_waits_for_its_group_and_for_a_count_before_it(file: Filing) -> None:
    body = counted(0, 70)
    early, wrong = moved(body, "returned", 10), moved(body, "returned", -10)
    assert await file(early) == ["household_unknown"]
    await file(body)
    assert await here(file) == {}
    assert await file(wrong) == ["before_count"]
    assert await file({**moved(body, "returned", 10), "status": "Exercise"}) == ["other_status"]


@pytest_anyio
async def test_people_leave_the_country_only_by_the_groups_team_or_a_registrar(file: Filing) -> None:
    body = counted(0, 70)
    await file(body)
    assert await file(moved(body, "left_country", 10), author=uuid4(), team=uuid4()) == ["removal_by_other_team"]
    assert await here(file) == {BATKEN: [70]}
    assert await file(moved(body, "left_country", 10)) == ["recorded"]
    assert await here(file) == {}


@pytest_anyio
async def test_figures_follow_the_movements_day_by_day(office: Office) -> None:
    async def persons(day: str, sub_stock: str, sex: str = "") -> dict[str, int]:
        path = f"/v1/statistics/stock?date={day}&sub_stock={sub_stock}&sex={sex}"
        answer = await office.get(path, role=Role.ANALYST)
        return {row["pcode"]: row["group_persons"] for row in answer.json()["rows"]}

    body = counted(0, 70, sex_age=[{"sex": "female", "age": "0-5", "count": 20}])
    await office.file(body)
    await office.file(moved(body, "returned", 24, persons=30), moved(body, "transferred", 48, persons=15, **TO_LEILEK))
    assert await persons("2022-05-05", "in_displacement") == {BATKEN: 70}
    assert await persons("2022-05-05", "in_displacement", sex="female") == {BATKEN: 20}
    assert await persons("2022-05-06", "in_displacement") == {BATKEN: 40}
    # nobody knows which people returned, so their sex is unknown
    assert await persons("2022-05-06", "in_displacement", sex="female") == {}
    assert await persons("2022-05-06", "in_return") == {KADAMJAI: 30}
    assert await persons("2022-05-07", "in_displacement") == {BATKEN: 25, LEILEK: 15}
    await office.file(counted(72, 20))
    assert await persons("2022-05-08", "in_displacement") == {BATKEN: 20, LEILEK: 15}
    assert await persons("2022-05-07", "in_displacement") == {BATKEN: 25, LEILEK: 15}
    assert await persons("2022-05-08", "in_return") == {KADAMJAI: 30}


def test_families_of_a_part_are_rounded_up() -> None:
    assert [share(20, persons, 70) for persons in (0, 1, 35, 69, 70, 90)] == [0, 1, 10, 20, 20, 20]
    assert share(None, 5, 70) is None


KINDS = (
    *("returned", "transferred", "displaced_again", "settled_elsewhere", "confirmed_here"),
    *("died", "left_country", "entered_country", "intends_to_stay", "solution_assessed"),
)
WITH_PLACE = ("transferred", "displaced_again", "entered_country")


@pytest_anyio
async def test_people_of_a_group_die_and_enter_the_country_again(file: Filing) -> None:
    """Of 70 people 2 die and 30 leave the country; 20 of these come back. The reports arrive in the opposite order."""
    body = counted(0, 70)
    died, left = moved(body, "died", 1, persons=2), moved(body, "left_country", 2, persons=30)
    back = moved(body, "entered_country", 3, persons=20, **TO_LEILEK)
    for report in (back, left, died, moved(body, "intends_to_stay", 4, persons=5), body):
        await file(report)
    assert await here(file) == {BATKEN: [38], LEILEK: [20]}
    await file({**died, "version": 2, "is_reversed": True})
    assert await here(file) == {BATKEN: [40], LEILEK: [20]}
    await file({**back, "version": 2, "persons": 50})
    assert await here(file) == {BATKEN: [40], LEILEK: [30]}  # only 30 people had left


@pytest_anyio
async def test_an_assessed_solution_takes_people_of_a_group_out_of_the_stock(file: Filing) -> None:
    """Of 70 people 30 return. A solution is assessed for 60 of the 70, and 25 of the 60 are displaced again."""
    body = counted(0, 70)
    returned, solved = moved(body, "returned", 1, persons=30), moved(body, "solution_assessed", 2, persons=60)
    await file(body)
    assert await file(moved(body, "solution_assessed", 2), author=uuid4(), team=uuid4()) == ["removal_by_other_team"]
    await file(solved)
    assert await here(file) == {BATKEN: [10]}
    await file(returned)
    # the 40 people who were displaced and 20 of those who had returned are out of the stock
    assert await here(file) == {}
    await file(moved(body, "displaced_again", 9, persons=35, **TO_LEILEK))
    assert {pcode: sum(numbers) for pcode, numbers in (await here(file)).items()} == {LEILEK: 35}


@pytest_anyio
async def test_any_order_gives_the_same_counts(file: Filing) -> None:
    """Two teams have sent counts under many ids, with movements and corrections.

    All reports are filed in six different orders.
    """
    draw, reports = Random(17), list[tuple[dict[str, Any], UUID]]()
    teams = uuid4(), uuid4()
    for number in range(8):
        team = draw.choice(teams)
        body = counted(number * 9, draw.randrange(10, 200), **draw.choice(({}, TO_LEILEK)))
        body["is_full_recount"] = draw.random() < 0.7
        reports.append((body, team))
        if draw.random() < 0.4:
            reports.append(({**body, "version": 2, "persons": 77, **draw.choice((SCHOOL, TO_LEILEK))}, team))
        for _ in range(draw.randrange(3)):
            kind = draw.choice(KINDS)
            place = TO_LEILEK if kind in WITH_PLACE else {}
            later = moved(body, kind, number * 9 + draw.randrange(1, 40), **place)
            later |= draw.choice(({}, {"persons": draw.randrange(1, 90)}))
            later |= {"persons": 3} if kind == "died" else {}
            reports.append((later, team))
            if draw.random() < 0.4:
                change = draw.choice(({"is_reversed": True}, {"persons": 5}))
                reports.append(({**later, "version": 2, **change}, team))
    seen = []
    for _ in range(6):
        draw.shuffle(reports)
        for body, team in reports:
            await file(body, author=team, team=team)
        stays = await file.rows("group_stays ORDER BY report_id, number")
        seen.append((await here(file), [(row["report_id"], row["persons"], row["superseded_at"]) for row in stays]))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]
    assert len(seen[0][1]) > 3


def filed(body: dict[str, Any], *, team: str = TEAM) -> AnyFiled:
    sealed = ("shelter", "destination_locality", "destination_site_id") if "movement" in body else ()
    flags = (Flag.REGISTRAR_OF_COUNTRY,) if body["kind"] == ReportKind.SITE_MOVEMENT else ()
    return filed_from(body, sealed=sealed, team=team, received_at=EVENING + timedelta(days=90), flags=flags)


GROUP_IDS = [str(UUID(int=number, version=4)) for number in range(2)]
SITE_ID = str(UUID(int=5, version=4))
AT_SITE = {"site_id": SITE_ID, "destination_locality": None}
TO_SITE = {"destination": {"pcode": BATKEN}, "destination_site_id": SITE_ID}
HOURS = st.integers(0, 200)


@pytest_anyio
async def test_a_corrected_movement_keeps_its_time(file: Filing) -> None:
    """People returned in the afternoon, so the count of the evening does not include them.

    A correction of their return must not subtract them from this count.
    """
    first, again = counted(-9, 100), counted(0, 60)
    returned = moved(first, "returned", -6, persons=40, occurred_at_precision="day")
    for body in (first, returned, again):
        await file(body)
    for version, days in ((2, 1), (3, 2)):
        reported_at = (EVENING + timedelta(days=days)).isoformat()
        assert await file({**returned, "version": version, "persons": 45, "reported_at": reported_at}) == ["recorded"]
        assert await here(file) == {BATKEN: [60]}


@st.composite
def reports_of_groups(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Counts and movements of two groups that may be the same people, and of a site where they may be.

    Some of the reports are corrected or reversed.
    """
    reports: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        fixed = {"report_id": str(UUID(int=10 + number, version=4)), "group_id": draw(st.sampled_from(GROUP_IDS))}
        reports.append({**draw(counts()), **fixed})
        if draw(st.booleans()):
            reports.append({**draw(counts()), **fixed, "version": 2})
    for number in range(draw(st.integers(1, 4))):
        about = draw(st.sampled_from([*({"group_id": group_id} for group_id in GROUP_IDS), {"site_id": SITE_ID}]))
        fixed = {"report_id": str(UUID(int=100 + number, version=4)), **about}
        reports.append({**draw(movements(is_of_site="site_id" in about)), **fixed})
        if draw(st.booleans()):
            later = draw(movements(is_of_site="site_id" in about))
            reports.append({**later, **fixed, "version": 2, "is_reversed": draw(st.booleans())})
    return reports


@st.composite
def counts(draw: st.DrawFn) -> dict[str, Any]:
    place: dict[str, Any] = draw(st.sampled_from([SCHOOL, TO_LEILEK, AT_SITE]))
    return counted(draw(HOURS), draw(st.integers(0, 90)), **place, is_full_recount=draw(st.booleans()))


@st.composite
def movements(draw: st.DrawFn, *, is_of_site: bool = False) -> dict[str, Any]:
    kinds = ("returned", "transferred", "displaced_again", "settled_elsewhere", "left_country", "confirmed_here")
    kind = draw(st.sampled_from(kinds if is_of_site else (*kinds, "died", "entered_country", "solution_assessed")))
    places = [TO_LEILEK, SCHOOL, {"destination": {"pcode": OSH}}, TO_SITE]
    changed: dict[str, Any] = draw(st.sampled_from(places))
    of = {"kind": "site", "site_id": SITE_ID} if is_of_site else group()
    body = moved(of, kind, draw(HOURS), **(changed if kind in WITH_PLACE else {}))
    precisions = (Precision.HOUR, Precision.DAY, Precision.WEEK, Precision.MONTH)
    body["occurred_at_precision"] = draw(st.sampled_from(precisions[:2] if is_of_site else precisions))
    if is_of_site:
        return body
    if persons := draw(st.integers(1, 100) if kind == "died" else st.one_of(st.none(), st.integers(1, 100))):
        body["persons"] = persons
    return body


def state_of(reports: Iterable[dict[str, Any]], *, batch: int = 1) -> tuple[Any, ...]:
    working_set = working_set_of(map(filed, reports), batch=batch)
    subjects = working_set.subjects.values()
    heads = [Headcount.of(report) for subject in subjects for report in subject.displacements.values()]
    movements = [movement for subject in subjects for movement in subject.movements.values()]
    outcomes = {movement.report_id: (movement.outcome, movement.reason) for movement in movements}
    known = tallies(heads, movements, TypedSites(()))
    return outcomes, {id: (tally.steps, tally.standing, +tally.gone) for id, tally in known.items()}


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_state_does_not_depend_on_the_order_of_arrival_or_on_repeats(data: st.DataObject) -> None:
    reports = data.draw(reports_of_groups())
    repeated = data.draw(st.permutations([*reports, *data.draw(st.lists(st.sampled_from(reports), max_size=4))]))
    assert state_of(repeated, batch=data.draw(st.integers(1, 9))) == state_of(reports)


@settings(max_examples=60, deadline=None)
@given(reports_of_groups())
def test_people_who_move_are_neither_lost_nor_doubled(reports: Sequence[dict[str, Any]]) -> None:
    """In each count, the people who remain and the people who moved add up to the people who were counted.

    After its reversal, a movement has no effect on the counts.
    """
    _, known = state_of(reports)
    reversed_ = {report["report_id"] for report in reports if report.get("is_reversed")}
    assert state_of(report for report in reports if report["report_id"] not in reversed_)[1] == known
    for steps, _, gone in known.values():
        assert steps[-1].people.count + sum(gone.values()) == steps[0].people.count
        assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_a_movement_of_a_population_with_a_thousand_recounts() -> None:
    """An integration may send a recount every ten minutes, so the time for a movement must grow only linearly."""
    bodies = [counted(number / 6, 70) for number in range(1500)]
    returned = moved(bodies[0], "returned", 300, persons=30)
    known = tallies_of([*bodies, returned])
    assert known[bodies[-1]["report_id"]].displaced == 40


def test_the_work_for_each_movement_grows_with_the_number_of_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, is_in_effect = list[datetime](), Tally.is_in_effect

    def noted(tally: Tally, at: datetime) -> bool:
        asked.append(at)
        return is_in_effect(tally, at)

    monkeypatch.setattr(Tally, "is_in_effect", noted)
    bodies = [counted(number, 70, group_id=GROUP_IDS[0]) for number in range(200)]
    tallies_of([*bodies, *(moved(bodies[0], "returned", 300, persons=1) for _ in range(10))])
    assert len(asked) <= 10 * 200 * 4


def tallies_of(bodies: Iterable[dict[str, Any]], of_other_team: Iterable[dict[str, Any]] = ()) -> Tallies:
    reports = [*map(filed, bodies), *(filed(body, team=OTHER_TEAM) for body in of_other_team)]
    movements = [report for report in reports if isinstance(report, FiledMovement)]
    counts = [Headcount.of(report) for report in reports if isinstance(report, Filed)]
    return tallies(counts, movements, TypedSites(()))


@pytest_anyio
async def test_people_who_moved_keep_their_id_if_a_count_comes_late(file: Filing) -> None:
    """Two populations of one group move to a camp.

    A count of a third population, which comes late, does not change their ids.
    """
    body = counted(2, 30)
    others = {"group_id": body["group_id"], "origin": {"pcode": LEILEK}}
    second = counted(4, 30, **others)
    await file(body, second)
    transfer = moved(body, "transferred", 20, **TO_LEILEK)
    await file(transfer)
    arrived = await origins(file)
    assert sorted(arrived.values()) == sorted([KADAMJAI, LEILEK])
    await file(counted(1, 30, group_id=body["group_id"], origin={"pcode": OSH}))
    assert {id: origin for id, origin in (await origins(file)).items() if id in arrived} == arrived
    assert sorted((await origins(file)).values()) == sorted([KADAMJAI, LEILEK, OSH])


@pytest_anyio
async def test_a_new_origin_of_people_who_moved_is_published(file: Filing) -> None:
    body = counted(0, 70, is_full_recount=False)
    await file(body)
    await file(moved(body, "transferred", 20, persons=30, **TO_LEILEK))
    [part] = await origins(file)
    await file({**body, "version": 2, "origin": {"pcode": OSH}})
    assert await origins(file) == {part: OSH}


async def origins(file: Filing) -> dict[str, str]:
    """Maps the report id of each count in the camp to the origin of the people, from the newest events."""
    events = [event for event in await file.events("groups") if event["destination"] == {"pcode": LEILEK}]
    return {event["report_id"]: event["origin"]["pcode"] for event in events if event["persons"]}
