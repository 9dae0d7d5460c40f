"""A movement may contradict other reports, and then waits. If a report changes, the registry decides again."""

from typing import Any
from uuid import uuid4

import pytest

from shared.events.vocabulary import Flag, OutcomeKind, Precision
from tests.registry.factories import KADAMJAI, LEILEK, NOON
from tests.registry.filing import working_set_of
from tests.registry.test_movements import BODY, DAY, MEMBERS, filed, moved, numbers, reasons


def test_a_movement_of_people_who_are_not_in_the_household_waits() -> None:
    for wrong in ({"member_ids": [MEMBERS[0], str(uuid4())]}, {"persons": 6}):
        assert reasons(BODY, moved("died", **wrong)) == ["recorded", "members_unknown"]
        assert numbers(moved("died", **wrong)) is None  # the movement changes nothing, so no event is published


@pytest.mark.parametrize(
    ("movements", "expected"),
    [
        ([moved("returned", -3)], "before_departure"),
        ([moved("returned", 3, status="Exercise")], "other_status"),
        ([moved("died", 1), moved("returned", 2)], "after_death"),
        ([moved("died", 1, member_ids=MEMBERS[:1]), moved("returned", 2, member_ids=MEMBERS[:1])], "after_death"),
        ([moved("returned", 1, member_ids=[str(uuid4())])], "members_unknown"),
        ([moved("transferred", 1, destination={"pcode": LEILEK}, shelter="tent")], "same_place"),
        ([moved("transferred", 1, destination={"pcode": LEILEK}, shelter="collective_centre")], "recorded"),
        (
            [moved("transferred", 1, destination={"pcode": LEILEK}, shelter="tent", destination_locality="Сүлүктү")],
            "recorded",
        ),
        # the movement states no other field, so the other fields do not change
        ([moved("transferred", 1, destination={"pcode": LEILEK})], "same_place"),
        ([moved("returned", 1), moved("returned", 2)], "already_known"),
        (
            [moved("returned", 1), moved("returned", 2, destination={"pcode": KADAMJAI}, destination_locality="Тобей")],
            "already_known",
        ),
        ([moved("died", 1), moved("died", 2)], "already_known"),
    ],
)
def test_a_movement_that_contradicts_the_others_or_changes_nothing_says_so(
    movements: list[dict[str, Any]], expected: str
) -> None:
    assert reasons(BODY, *movements)[-1] == expected


def test_a_death_before_the_movement_but_reported_after_it_is_no_contradiction() -> None:
    assert reasons(BODY, moved("returned", 5), moved("died", 3, member_ids=MEMBERS[:1])) == ["recorded"] * 3
    assert numbers(moved("returned", 5), moved("died", 3, member_ids=MEMBERS[:1])) == (0, 4, 0)


@pytest.mark.parametrize(
    ("precision", "days", "expected"),
    [
        # an hour may be inexact: the movement and the displacement are on one day
        (Precision.HOUR, -0.1, "recorded"),
        (Precision.DAY, -1, "before_departure"),
        (Precision.WEEK, -1, "recorded"),
        (Precision.MONTH, -13, "recorded"),  # both are in June
        (Precision.MONTH, -15, "before_departure"),
        (Precision.SEASON, -13, "recorded"),  # both are in the summer
        (Precision.SEASON, -15, "before_departure"),
        (Precision.YEAR, -100, "recorded"),
    ],
)
def test_a_vague_date_contradicts_nothing_that_it_may_include(precision: Precision, days: float, expected: str) -> None:
    assert reasons(BODY, moved("returned", days, occurred_at_precision=precision)) == ["recorded", expected]


def test_a_household_that_never_moved_has_a_reason_of_its_own() -> None:
    trapped = {**BODY, "mobility": "unable_to_move"}
    assert reasons(trapped, moved("returned", 1)) == ["recorded", "not_displaced"]


@pytest.mark.parametrize(
    ("died", "returned", "expected"),
    [
        # The people returned on a day in June, which may be before the death.
        ((8, Precision.DAY), (13, Precision.MONTH), "already_known"),
        ((8, Precision.DAY), (9, Precision.DAY), "after_death"),
        ((8, Precision.DAY), (20, Precision.MONTH), "after_death"),  # the return was in July
        # The person died on a day in June, which may be after the return.
        ((8, Precision.MONTH), (9, Precision.DAY), "already_known"),
        ((8, Precision.WEEK), (20, Precision.DAY), "after_death"),
    ],
)
def test_a_vague_date_contradicts_no_death_that_it_may_precede(
    died: tuple[float, Precision], returned: tuple[float, Precision], expected: str
) -> None:
    """The numbers are days after the displacement of 15 June."""
    death, movement = (
        moved(kind, days, occurred_at_precision=precision, member_ids=MEMBERS[:1])
        for kind, (days, precision) in (("died", died), ("returned", returned))
    )
    assert reasons(BODY, death, movement)[-1] == expected
    assert numbers(death, movement) == (4, 0, 0)


def test_a_correction_of_the_departure_frees_a_movement_that_was_before_it() -> None:
    early = filed(moved("returned", -3))
    corrected = {**BODY, "version": 2, "occurred_at": (NOON - 5 * DAY).isoformat()}
    working_set = working_set_of([filed(BODY), early, filed(corrected)])
    assert early.outcome is OutcomeKind.RECORDED
    replaced = [settled for settled in working_set.settled if settled.filed is early]
    assert [settled.reason for settled in replaced] == ["before_departure", None]
    assert replaced[1].replaces == replaced[0].outcome_id


def test_a_correction_settles_the_contradiction_of_the_version_before() -> None:
    wrong = moved("returned", -3)
    right = {**wrong, "version": 2, "occurred_at": (NOON + DAY).isoformat()}
    for order in ((wrong, right), (right, wrong)):
        reports = {report.clear.version: report for report in map(filed, order)}
        working_set_of([filed(BODY), *reports.values()])
        assert (reports[1].outcome, reports[1].reason) == (OutcomeKind.MERGED, "older_version")
        assert (reports[2].outcome, reports[2].reason) == (OutcomeKind.RECORDED, None)


def test_a_movement_of_an_unknown_household_waits_for_the_household() -> None:
    early = filed(moved("returned"))
    working_set = working_set_of([early])
    assert (early.outcome, early.reason) == (OutcomeKind.HELD, "household_unknown")
    working_set.file(filed(BODY))
    working_set.judge()
    assert (early.outcome, early.reason) == (OutcomeKind.RECORDED, None)
    assert [change.standing and change.standing.returned for change in working_set.changes] == [5]


def test_a_movement_is_freed_by_whichever_report_creates_the_household() -> None:
    early, correction = filed(moved("returned")), filed({**BODY, "version": 2})
    working_set = working_set_of([early, correction, filed(BODY, flags=(Flag.EXPIRED_TOKEN,))])
    assert (correction.outcome, early.outcome) == (OutcomeKind.RECORDED, OutcomeKind.RECORDED)
    [subject] = working_set.subjects.values()
    assert subject.standing is not None
    assert subject.standing.returned == 5
