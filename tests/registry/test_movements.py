"""The order in which reports arrive does not change the whereabouts of people. Only the reports decide."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry import subjects
from services.registry.decisions import CONTRADICTIONS, MOST_MOVEMENTS, SAME_PLACE, Held
from services.registry.households.courses import Courses, courses
from services.registry.households.positions import TRANSITIONS
from services.registry.reports import AnyFiled, Filed, FiledMovement
from shared.events.vocabulary import Flag, Movement, MovementReason, OutcomeKind
from tests import gazetteers
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, OSH, family, household, movement
from tests.registry.filing import filed_from, working_set_of

AUTHOR, TEAM, OTHER_AUTHOR, OTHER_TEAM = (str(uuid4()) for _ in range(4))
FAMILY = family()
MEMBERS = [person["member_id"] for person in FAMILY]
BODY = {**household(members=FAMILY), "notes": None}
DAY = timedelta(days=1)


def filed(
    body: dict[str, Any],
    *,
    author: str = AUTHOR,
    team: str = TEAM,
    flags: Sequence[Flag] = (),
    registrar_areas: Sequence[str] = (),
) -> AnyFiled:
    return filed_from(
        body,
        sealed=("members", "shelter", "member_ids", "destination_locality"),
        author=author,
        team=team,
        flags=tuple(flags),
        registrar_areas=tuple(registrar_areas),
    )


def moved(kind: str, days: float = 1, **changed: Any) -> dict[str, Any]:
    at = NOON + timedelta(days=days)
    return movement(BODY, kind, **{"occurred_at": at.isoformat(), "reported_at": at.isoformat(), **changed})


def numbers(*movements: dict[str, Any], of: dict[str, Any] = BODY) -> tuple[int, int, int] | None:
    """Returns three numbers of persons after the movements: displaced, returned, settled.

    If no movement has an effect, returns None.
    """
    subject = next(iter(working_set_of(map(filed, (of, *movements))).subjects.values()))
    return subject.standing and subject.standing[:3]


def reasons(*bodies: dict[str, Any]) -> list[str]:
    return [report.reason or report.outcome for report in working_set_of(map(filed, bodies)).filed]


TO_BATKEN: dict[str, Any] = {"destination": {"pcode": BATKEN}}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (moved("confirmed_here"), (5, 0, 0)),
        (moved("transferred", **TO_BATKEN), (5, 0, 0)),
        (moved("displaced_again", **TO_BATKEN), (5, 0, 0)),
        (moved("returned"), (0, 5, 0)),
        (moved("settled_elsewhere"), (0, 0, 5)),
        (moved("intends_to_stay"), (5, 0, 0)),
        (moved("relocated", **TO_BATKEN), (0, 0, 5)),
        (moved("left_country"), (0, 0, 0)),
        (moved("died"), (0, 0, 0)),
        (moved("contact_lost"), (5, 0, 0)),
        (moved("evacuation_lifted"), (5, 0, 0)),
        (moved("solution_assessed"), (0, 0, 0)),
        (moved("solution_assessed", persons=3), (2, 0, 0)),
        (moved("returned", member_ids=MEMBERS[:2]), (3, 2, 0)),
        (moved("died", member_ids=MEMBERS[4:]), (4, 0, 0)),
        (moved("returned", persons=3), (2, 3, 0)),
    ],
    ids=lambda value: value["movement"] if isinstance(value, dict) else str(value),
)
def test_each_movement_leads_to_its_sub_stock(body: dict[str, Any], expected: tuple[int, int, int]) -> None:
    assert numbers(body) == expected


def test_every_movement_has_a_transition() -> None:
    assert set(TRANSITIONS) == set(Movement)


def test_a_failed_return_is_a_new_movement() -> None:
    assert numbers(moved("returned", 1), moved("displaced_again", 5, **TO_BATKEN)) == (5, 0, 0)


def test_an_assessed_solution_ends_a_displacement_until_the_people_are_displaced_again() -> None:
    """Two of five people have returned when a solution is assessed for all five.

    Later, three people are displaced again.
    """
    solved = moved("returned", 1, persons=2), moved("solution_assessed", 9)
    assert numbers(*solved) == (0, 0, 0)
    onward = moved("settled_elsewhere", 20), moved("transferred", 20, **TO_BATKEN)
    assert reasons(BODY, *solved, *onward)[-2:] == ["already_known"] * 2
    assert numbers(*solved, *onward) == (0, 0, 0)
    assert numbers(*solved, moved("displaced_again", 20, persons=3, **TO_BATKEN)) == (3, 0, 0)
    assert numbers(*solved, again(20), moved("returned", 22, persons=1)) == (4, 1, 0)
    assert numbers(*solved, {**solved[1], "version": 2, "is_reversed": True}) == (3, 2, 0)


def test_people_who_left_the_country_and_entered_it_again_are_displaced() -> None:
    assert numbers(moved("left_country", 1, member_ids=MEMBERS[:2])) == (3, 0, 0)
    back = moved("entered_country", 9, **TO_BATKEN)
    assert numbers(moved("left_country", 1, member_ids=MEMBERS[:2]), back) == (5, 0, 0)


def test_a_number_means_first_the_people_for_whom_the_movement_changes_something() -> None:
    assert numbers(moved("returned", 1, persons=3), moved("returned", 2, persons=2)) == (0, 5, 0)
    assert numbers(moved("returned", 1, persons=3), moved("returned", 2, persons=3)) == (0, 5, 0)
    there = moved("transferred", 1, persons=2, **TO_BATKEN)
    assert reasons(BODY, there, {**there, "report_id": str(uuid4())}) == ["recorded"] * 3


def test_a_death_is_counted_once_even_if_only_a_number_was_told_before() -> None:
    returned, died = moved("returned", 1, persons=2), moved("died", 2, member_ids=MEMBERS[:1])
    again, stranger = moved("died", 3, member_ids=MEMBERS[:1]), moved("died", 3, member_ids=[str(uuid4())])
    assert reasons(BODY, returned, died, again, stranger) == ["recorded"] * 3 + ["already_known", "members_unknown"]
    assert numbers(returned, died, again, stranger) == (2, 2, 0)


def test_a_death_in_a_household_of_whom_only_the_number_is_known_is_counted_once() -> None:
    body = {name: value for name, value in BODY.items() if name != "members"}
    died = [moved("died", days, member_ids=MEMBERS[:1]) for days in (1, 2)]
    assert reasons(body, *died) == ["recorded", "recorded", "already_known"]
    assert numbers(*died, of=body) == (4, 0, 0)


def test_the_members_are_known_again_when_the_last_ones_have_moved() -> None:
    returned = [moved("returned", 1, persons=2), moved("returned", 2, persons=3), moved("confirmed_here", 3)]
    [subject] = working_set_of(map(filed, (BODY, *returned))).subjects.values()
    [people] = subject.courses.by_departure[BODY["report_id"]].parts.values()
    assert dict(people.members).keys() == set(MEMBERS)


def test_only_people_who_are_abroad_enter_the_country() -> None:
    entered = moved("entered_country", 5, **TO_BATKEN)
    assert numbers(moved("returned", 1), entered) == (0, 5, 0)
    assert numbers(moved("returned", 1), {**entered, "member_ids": MEMBERS[:1]}) == (0, 5, 0)
    assert reasons(BODY, moved("returned", 1), entered)[-1] == "already_known"
    fled = {**BODY, "destination": {"country": "UZ"}}
    assert reasons(fled, entered) == ["recorded"] * 2


def test_lifting_an_evacuation_says_nothing_about_people_at_home() -> None:
    lifted = moved("evacuation_lifted", 2, member_ids=MEMBERS[:2])
    assert reasons(BODY, moved("returned", 1, member_ids=MEMBERS[:2]), lifted)[-1] == "already_known"


def test_the_rest_of_a_household_returns_without_those_who_died() -> None:
    assert numbers(moved("died", 1, member_ids=MEMBERS[:1]), moved("returned", 3)) == (0, 4, 0)


def test_lifting_an_evacuation_presumes_the_return_until_somebody_confirms_it() -> None:
    def presumed(*movements: dict[str, Any]) -> tuple[int, bool]:
        subject = next(iter(working_set_of(map(filed, (BODY, *movements))).subjects.values()))
        assert subject.standing is not None
        return subject.standing.displaced, subject.standing.is_return_presumed

    lifted = moved("evacuation_lifted", 1)
    assert presumed(lifted) == (5, True)
    assert presumed(lifted, moved("contact_lost", 2)) == (5, True)
    assert presumed(lifted, moved("confirmed_here", 2)) == (5, False)
    assert presumed(lifted, moved("returned", 2)) == (0, False)


def test_a_confirmation_of_an_earlier_day_does_not_replace_a_later_one() -> None:
    reported = NOON + 5 * DAY
    body = {**BODY, "reported_at": reported.isoformat()}
    for kind in ("confirmed_here", "intends_to_stay"):
        [subject] = working_set_of(map(filed, (body, moved(kind, 2)))).subjects.values()
        assert subject.standing is not None
        assert subject.standing.confirmed_at == reported


def test_a_transfer_within_the_village_that_the_household_reported_moves_nobody() -> None:
    there = moved("transferred", 1, destination={"pcode": LEILEK}, destination_locality="сулукту")
    assert reasons({**BODY, "destination_locality": "Сүлүктү"}, there)[-1] == "same_place"


def test_a_transfer_within_a_settlement_with_several_names_moves_nobody() -> None:
    there = {"destination": {"pcode": KADAMJAI}}
    bodies = (
        {**BODY, **there, "destination_locality": "Чоко-Дөбө"},
        moved("transferred", 1, **there, destination_locality="Choko-Dobo"),
        moved("transferred", 2, destination={"pcode": gazetteers.AYMAK}, destination_locality="Чоко-Добо"),
        moved("transferred", 3, **there, destination_locality="Майдан"),
    )
    working_set = working_set_of(map(filed, bodies), places=gazetteers.with_dobo())
    assert [movement.reason for movement in working_set.filed[1:]] == ["same_place", "same_place", None]


def test_people_who_returned_do_not_return_once_more_to_another_place() -> None:
    elsewhere = moved("returned", 2, destination={"pcode": OSH}, destination_locality="Ош")
    [subject] = working_set_of(map(filed, (BODY, moved("returned", 1), elsewhere))).subjects.values()
    course = subject.courses.by_departure[BODY["report_id"]]
    assert [passage.people.count for passage in course.passages] == [5]
    assert [position.pcode for position in course.parts] == [OSH]


@pytest.mark.parametrize(
    ("first", "second", "country"), [({}, {"country": "RU"}, "RU"), ({"country": "RU"}, {}, "RU"), ({}, {}, "ZZ")]
)
def test_people_who_left_the_country_do_not_leave_it_once_more(
    first: dict[str, str], second: dict[str, str], country: str
) -> None:
    """Only one of the two reports states a country. This country counts."""
    left = (moved("left_country", days, destination=to or None) for days, to in enumerate((first, second), start=1))
    [subject] = working_set_of(map(filed, (BODY, *left))).subjects.values()
    course = subject.courses.by_departure[BODY["report_id"]]
    assert [passage.people.count for passage in course.passages] == [5]
    assert [position.country for position in course.parts] == [country]


@pytest.mark.parametrize(
    ("return_id", "settlement_id", "reported_later", "expected"),
    [
        (
            1,
            2,
            timedelta(0),
            (0, 0, 5),
        ),  # both reports are of one time, so the greater id is the later report
        (2, 1, timedelta(0), (0, 5, 0)),
        (1, 2, timedelta(hours=1), (0, 5, 0)),  # the return was reported an hour after the other movement
        (2, 1, -timedelta(hours=1), (0, 0, 5)),
    ],
)
def test_movements_of_one_date_follow_the_time_of_the_report_and_then_its_id(
    return_id: int, settlement_id: int, reported_later: timedelta, expected: tuple[int, int, int]
) -> None:
    first, second = (str(UUID(int=number, version=4)) for number in (return_id, settlement_id))
    reported_at = (NOON + DAY + reported_later).isoformat()
    returned = moved("returned", report_id=first, reported_at=reported_at)
    settled = moved("settled_elsewhere", report_id=second)
    assert {numbers(*arrived) for arrived in permutations([returned, settled])} == {expected}


def test_a_movement_follows_the_displacement_before_it() -> None:
    again = {**BODY, "report_id": str(uuid4()), "occurred_at": (NOON + 10 * DAY).isoformat()}
    again["reported_at"] = again["occurred_at"]
    assert numbers(moved("returned", 5), again) is None  # the family was displaced once more after its return
    assert numbers(moved("returned", 12), again) == (0, 5, 0)


def again(days: float, **changed: Any) -> dict[str, Any]:
    """Makes a report that the household was displaced once more after `days`, with the same members."""
    at = (NOON + timedelta(days=days)).isoformat()
    return {**BODY, "report_id": str(uuid4()), "occurred_at": at, "reported_at": at, **changed}


def test_those_who_died_are_not_displaced_again() -> None:
    died = moved("died", 1, member_ids=MEMBERS[:1])
    assert numbers(died, again(10)) == (4, 0, 0)
    assert numbers(died, again(10), again(20), moved("returned", 22)) == (0, 4, 0)
    assert numbers(died, again(10, status="Exercise")) == (4, 0, 0)
    assert reasons(BODY, died, again(10), moved("returned", 12, member_ids=MEMBERS[:1]))[-1] == "after_death"


def test_those_who_left_the_country_are_displaced_again_only_after_they_entered_it() -> None:
    left = moved("left_country", 1, member_ids=MEMBERS[:2])
    entered = moved("entered_country", 5, member_ids=MEMBERS[:1], **TO_BATKEN)
    assert numbers(left, again(10)) == (3, 0, 0)
    assert numbers(left, entered, again(10)) == (4, 0, 0)
    assert numbers(left, again(10), {**entered, "occurred_at": (NOON + 12 * DAY).isoformat()}) == (4, 0, 0)
    # people who are displaced in the country must have come back before
    assert numbers(moved("left_country", 1), again(10)) is None


def test_a_reversed_movement_never_happened() -> None:
    returned = moved("returned")
    assert numbers(returned, {**returned, "version": 2, "is_reversed": True}) is None
    assert numbers(
        returned, moved("died", 2, member_ids=MEMBERS[:1]), {**returned, "version": 2, "is_reversed": True}
    ) == (
        4,
        0,
        0,
    )


def test_a_batch_computes_the_course_of_a_household_once(monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []

    def counted(displacements: Collection[Filed], movements: Collection[FiledMovement]) -> Courses:
        computed.append(len(movements))
        return courses(displacements, movements)

    monkeypatch.setattr(subjects, "courses", counted)
    reports = [filed(BODY), *(filed(moved("transferred", days, persons=1, **TO_BATKEN)) for days in range(1, 100))]
    working_set = working_set_of(reports, batch=100)
    [subject] = working_set.subjects.values()
    assert subject.standing is not None  # the batch is computed once, at its end
    assert subject.standing.displaced == 5
    assert computed == [99]
    assert len(working_set.changes) == 1
    assert len(working_set.settled) == 100


def test_a_household_with_very_many_movements_takes_no_more_of_them_unless_a_person_accepts_them() -> None:
    confirmed = [moved("confirmed_here", 1 + number / 1000) for number in range(MOST_MOVEMENTS)]
    last = filed(moved("returned", 3))
    working_set = working_set_of([filed(BODY), *map(filed, confirmed), last], batch=1000)
    assert (last.outcome, last.reason) == (OutcomeKind.HELD, "too_many_movements")
    corrected = filed({**confirmed[0], "version": 2})
    working_set.file(corrected)
    working_set.accept(last)
    working_set.judge()
    assert (corrected.outcome, last.outcome) == (OutcomeKind.RECORDED, OutcomeKind.RECORDED)


def test_authors_learn_each_contradiction_of_their_movements() -> None:
    assert set(MovementReason) == {*CONTRADICTIONS, Held.HOUSEHOLD_UNKNOWN, SAME_PLACE.reason}
