"""In any order of their arrival, reports give the same counts of groups. Nobody is lost or counted twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.counts.headcounts import Headcount
from services.registry.groups.moved_groups import share
from services.registry.groups.movements import tallies
from services.registry.groups.tallies import Tallies, Tally
from services.registry.places.typed_sites import TypedSites
from services.registry.reports import AnyFiled, Filed, FiledMovement
from shared.events.vocabulary import Flag, Precision, ReportKind
from tests.registry.conftest import Filing
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, group
from tests.registry.filing import filed_from, working_set_of
from tests.registry.test_group_movements import EVENING, SCHOOL, TO_LEILEK, counted, here, moved, origins, pytest_anyio

TEAM, OTHER_TEAM = str(uuid4()), str(uuid4())


@pytest.mark.parametrize(
    ("returned", "later", "left"),
    [
        (30, 70, [0, 70]),  # 70 of the 100 people are left, so the teams agree
        (30, 56, [0, 56]),  # 56 is 20 % fewer than 70
        (30, 55, [55, 70]),
        (50, 95, [50, 95]),  # 100 and 95 nearly agree, but only 50 of the 100 people are left
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


def test_families_of_a_part_are_rounded_up() -> None:
    assert [share(20, persons, 70) for persons in (0, 1, 35, 69, 70, 90)] == [0, 1, 10, 20, 20, 20]
    assert share(None, 5, 70) is None


KINDS = (
    *("returned", "transferred", "displaced_again", "settled_elsewhere", "confirmed_here"),
    *("died", "left_country", "entered_country", "intends_to_stay", "solution_assessed"),
)
WITH_PLACE = ("transferred", "displaced_again", "entered_country")


@pytest_anyio
async def test_any_order_gives_the_same_counts(file: Filing) -> None:
    """Two teams count people under many ids. Some people move, and some reports are corrected.

    All reports are filed in six orders.
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
    """People returned in the afternoon. The count of the evening does not include them.

    A later correction of the return must not subtract these people from the evening's count.
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
    """Draws counts and movements of two groups that may be the same people, and of a site where the groups may be.

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
    """For each count, people who remain and people who moved add up to the counted people.

    A reversed movement has no effect on the counts.
    """
    _, known = state_of(reports)
    reversed_ = {report["report_id"] for report in reports if report.get("is_reversed")}
    assert state_of(report for report in reports if report["report_id"] not in reversed_)[1] == known
    for steps, _, gone in known.values():
        assert steps[-1].people.count + sum(gone.values()) == steps[0].people.count
        assert [step.at for step in steps] == sorted(step.at for step in steps)


def test_a_movement_of_a_population_with_a_thousand_recounts() -> None:
    """An integration may send a recount every ten minutes.

    The time of a movement must grow only linearly with their number.
    """
    bodies = [counted(number / 6, 70) for number in range(1500)]
    returned = moved(bodies[0], "returned", 300, persons=30)
    known = tallies_of([*bodies, returned])
    assert known[bodies[-1]["report_id"]].displaced == 40


def test_the_work_grows_with_the_number_of_counts_and_movements_and_not_with_their_product(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked, is_in_effect = list[datetime](), Tally.is_in_effect

    def noted(tally: Tally, at: datetime) -> bool:
        asked.append(at)
        return is_in_effect(tally, at)

    monkeypatch.setattr(Tally, "is_in_effect", noted)
    bodies = [counted(number, 70, group_id=GROUP_IDS[0]) for number in range(200)]
    confirmed = [moved(bodies[0], "confirmed_here", number + 0.5) for number in range(300)]
    tallies_of([*bodies, *confirmed, *(moved(bodies[0], "returned", 300, persons=1) for _ in range(10))])
    assert len(asked) <= 12 * (200 + 310)


def tallies_of(bodies: Iterable[dict[str, Any]], of_other_team: Iterable[dict[str, Any]] = ()) -> Tallies:
    reports = [*map(filed, bodies), *(filed(body, team=OTHER_TEAM) for body in of_other_team)]
    movements = [report for report in reports if isinstance(report, FiledMovement)]
    counts = [Headcount.of(report) for report in reports if isinstance(report, Filed)]
    return tallies(counts, movements, TypedSites(()))


@pytest_anyio
async def test_people_who_moved_keep_their_id_if_a_count_comes_late(file: Filing) -> None:
    """Two populations of one group move to a camp, and get ids there.

    Then a count of a third population comes late. The ids stay the same.
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
