"""Tests the registry's domain logic: reports in any order lead to the same final state."""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.decisions import Effect, Held, Owner
from services.registry.households.ages import disaggregated
from services.registry.reports import CELL, Filed
from services.registry.subjects import Subject
from services.registry.working_set import WorkingSet
from shared.events.displacements import HouseholdClear
from shared.events.vocabulary import AgeBracket, Flag, OutcomeKind, RefusalReason, Sex, SubmissionChannel
from shared.places import Places
from tests.registry.factories import NOON, household

AUTHOR, COLLEAGUE, TEAM, STRANGER = (str(uuid4()) for _ in range(4))
HOUSEHOLD = ("household", str(uuid4()))
PLACES = Places.load()


def filed(
    version: int = 1,
    *,
    report_id: str = "r",
    author: str = AUTHOR,
    team: str | None = TEAM,
    subject: tuple[str, str] = HOUSEHOLD,
    note: str = "",
    occurred_at: datetime = NOON,
    flags: tuple[Flag, ...] = (),
    **more: str,
) -> Filed:
    body = household(version=version, household_id=subject[1], occurred_at=occurred_at.isoformat(), **more)
    return Filed(
        report_id=report_id,
        subject=subject,
        clear=HouseholdClear.model_validate(body),
        sealed={},
        text="",
        plain=b"",
        digest=f"{version}{note}".encode(),
        author=author,
        team=team,
        channel=SubmissionChannel.FIELD,
        received_at=NOON,
        places_version=None,
        flags=flags,
        outcome=OutcomeKind.NOTED,
        outcome_id=str(uuid4()),
    )


def working_set_of(reports: Iterable[Filed]) -> WorkingSet:
    working_set = WorkingSet.of(PLACES)
    for report in reports:
        working_set.file(report)
    return working_set


def standing(working_set: WorkingSet) -> dict[str, tuple[str, int]]:
    return {
        name[1]: (subject.current.report_id, subject.current.clear.version)
        for name, subject in working_set.subjects.items()
    }


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_the_highest_version_wins_in_any_order(order: tuple[int, ...]) -> None:
    working_set = working_set_of(filed(version) for version in order)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
    assert all(one.reason != Held.WAITING for one in working_set.filed)


@given(st.permutations([(report, version) for report in "abc" for version in (1, 2)]))
def test_the_latest_displacement_wins_in_any_order_of_reports(order: list[tuple[str, int]]) -> None:
    working_set = working_set_of(
        filed(version, report_id=report, occurred_at=NOON + timedelta(days=ord(report))) for report, version in order
    )
    assert standing(working_set) == {HOUSEHOLD[1]: ("c", 2)}
    assert [change.sequence for change in working_set.changes] == list(range(1, len(working_set.changes) + 1))


@given(st.permutations([1, 2, 3, 4]), st.sets(st.integers(0, 3)))
def test_each_report_has_an_outcome_and_a_new_outcome_names_the_old_one(order: list[int], strange: set[int]) -> None:
    reports = [
        filed(version, author=STRANGER if position in strange else AUTHOR, team=None if position in strange else TEAM)
        for position, version in enumerate(order)
    ]
    working_set = working_set_of(reports)
    first = [one for one in working_set.settled if one.replaces is None]
    assert len(first) == len(reports)
    known = {one.outcome_id for one in working_set.settled}
    assert len(known) == len(working_set.settled)
    assert {one.replaces for one in working_set.settled if one.replaces} <= known


EXPIRED = (Flag.EXPIRED_TOKEN,)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_held_version_1_does_not_block_version_2(order: tuple[int, ...]) -> None:
    working_set = working_set_of(filed(version, flags=EXPIRED if version == 1 else ()) for version in order)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
    assert {
        one.clear.version: one.reason for one in working_set.filed if one.reason not in (None, "older_version")
    } == {1: "expired_token"}


@pytest.mark.parametrize("last", ["own", "colleague's"])
def test_an_own_version_with_other_content_waits_until_its_author_sends_a_later_one(last: str) -> None:
    """The author and a colleague corrected one report at the same time. One of the two corrections therefore waits.

    A later version by the colleague must not end this wait, because the colleague may not have read the author's
    version.
    """
    for order in itertools.permutations(range(4)):
        own, colleagues = filed(2), filed(2, author=COLLEAGUE, note="other content")
        reports = [filed(), own, colleagues, filed(3, author=COLLEAGUE if last == "colleague's" else AUTHOR)]
        working_set = working_set_of(reports[number] for number in order)
        assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
        waiting = {report.author for report in working_set.filed if report.outcome is OutcomeKind.HELD}
        assert waiting <= {AUTHOR if last == "colleague's" else COLLEAGUE}, order
        newest = {settled.outcome_id for settled in working_set.settled} - {s.replaces for s in working_set.settled}
        assert newest == {report.outcome_id for report in working_set.filed}


def test_a_strangers_held_version_1_releases_nothing() -> None:
    working_set = working_set_of([filed(2), filed(1, author=STRANGER, team=None, flags=EXPIRED)])
    assert [one.reason for one in working_set.filed] == ["waiting", "expired_token"] and not working_set.subjects


@pytest.mark.parametrize("late", [False, True], ids=["before version 2", "after version 2"])
def test_accepted_version_1_takes_effect_once(late: bool) -> None:
    held, second = filed(flags=EXPIRED), filed(2)
    working_set = working_set_of([held, second] if late else [held])
    held_as = held.outcome_id
    working_set.accept(held)
    if not late:
        working_set.file(second)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 2)}
    assert held.outcome is (OutcomeKind.MERGED if late else OutcomeKind.RECORDED)
    [accepted] = [one for one in working_set.settled if one.replaces == held_as]
    assert accepted.outcome_id == held.outcome_id != held_as


def test_an_accepted_report_of_a_stranger_begins_a_displacement_and_keeps_the_owner() -> None:
    own, strange = filed(), filed(report_id="s", author=STRANGER, team=None, occurred_at=NOON + timedelta(days=1))
    working_set = working_set_of([own, strange])
    assert strange.reason == Held.NOT_AUTHOR
    working_set.accept(strange)
    assert standing(working_set) == {HOUSEHOLD[1]: ("s", 1)}
    assert working_set.subjects[HOUSEHOLD].owner == Owner(AUTHOR, TEAM)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_accepted_reports_of_an_ended_sign_in_count_as_if_it_had_not_ended(order: tuple[int, ...]) -> None:
    versions = [filed(version, flags=EXPIRED) for version in (1, 2, 3)]
    working_set = working_set_of(versions)
    for index in order:
        working_set.accept(versions[index], is_expiry_only=True)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
    assert all(one.outcome in (OutcomeKind.RECORDED, OutcomeKind.MERGED) for one in versions)


def test_accepting_a_correction_releases_those_that_waited_with_it() -> None:
    corrections = filed(2), filed(3, author=STRANGER, team=TEAM)
    working_set = working_set_of(corrections)
    working_set.accept(corrections[0])
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}
    assert corrections[1].outcome is OutcomeKind.RECORDED


def test_refused_report_has_no_effect_and_does_not_block_the_next_version() -> None:
    held = filed(flags=EXPIRED)
    working_set = working_set_of([held])
    held_as = held.outcome_id
    working_set.refuse(held)
    assert (held.outcome, working_set.settled[-1].replaces) == (
        OutcomeKind.REJECTED,
        held_as,
    ) and not working_set.subjects
    working_set.file(filed(2))
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 2)}


@pytest.mark.parametrize("is_later_held", [False, True], ids=["sent after the refusal", "held before the refusal"])
def test_a_correction_of_a_report_refused_as_a_duplicate_waits_for_a_person(is_later_held: bool) -> None:
    """The author does not know that the report is a duplicate, and corrects it.

    An effective correction would register the household twice.
    """
    held, second = filed(flags=EXPIRED), filed(2, flags=EXPIRED if is_later_held else ())
    working_set = working_set_of([held, second] if is_later_held else [held])
    working_set.refuse(held, RefusalReason.DUPLICATE)
    if is_later_held:
        working_set.accept(second, is_expiry_only=True)
    else:
        working_set.file(second)
    third = filed(3)
    working_set.file(third)
    assert [second.reason, third.reason] == [Held.CORRECTS_DUPLICATE] * 2 and not working_set.subjects
    working_set.accept(second)  # the correction of the accepted report takes effect too
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 3)}


def test_a_strangers_duplicate_under_the_same_number_does_not_hold_the_report() -> None:
    strange = filed(author=STRANGER, team=None, flags=EXPIRED)
    working_set = working_set_of([strange])
    working_set.refuse(strange, RefusalReason.DUPLICATE)
    working_set.file(filed())
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 1)}


LATER = NOON + timedelta(days=1)


@pytest.mark.parametrize("status", ["Exercise", "Test"])
@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_an_exercise_report_does_not_move_a_real_household(order: tuple[int, ...], status: str) -> None:
    real, practice = filed(), filed(report_id="s", status=status, occurred_at=LATER)
    working_set = working_set_of([(real, practice)[number] for number in order])
    assert (working_set.subjects[HOUSEHOLD].current, working_set.changes[-1].current) == (real, real)
    assert practice.outcome is OutcomeKind.RECORDED


def test_among_exercise_reports_the_latest_counts() -> None:
    practice = [filed(status="Exercise"), filed(report_id="s", status="Exercise", occurred_at=LATER)]
    assert working_set_of(practice).changes[-1].current is practice[1]


def test_a_report_corrected_to_exercise_gives_way_to_actual_reports() -> None:
    real, second = filed(), filed(report_id="s", occurred_at=LATER)
    working_set = working_set_of([real, second, filed(2, report_id="s", status="Exercise", occurred_at=LATER)])
    assert [change.current for change in working_set.changes] == [real, second, real]


@pytest.mark.parametrize("order", list(itertools.permutations(range(2))))
def test_a_household_trapped_at_its_destination_is_still_displaced(order: tuple[int, ...]) -> None:
    fled = filed(report_id="r")
    trapped = filed(report_id="s", occurred_at=LATER, mobility="unable_to_move")
    working_set = working_set_of([(fled, trapped)[number] for number in order])
    assert (working_set.subjects[HOUSEHOLD].current, working_set.changes[-1].current) == (trapped, fled)


def test_a_household_that_never_moved_is_published_as_such() -> None:
    trapped = filed(mobility="unable_to_move")
    assert working_set_of([trapped]).changes[-1].current is trapped


def test_a_strangers_waiting_correction_is_held_when_the_household_arrives() -> None:
    strange = filed(2, author=STRANGER, team=None)
    working_set = working_set_of([strange, filed(1)])
    assert (strange.outcome, strange.reason) == (OutcomeKind.HELD, Held.NOT_AUTHOR)
    assert standing(working_set) == {HOUSEHOLD[1]: ("r", 1)}


def test_a_household_known_only_by_its_row_is_corrected() -> None:
    first = filed(1)
    first.outcome = OutcomeKind.RECORDED
    subject = Subject(HOUSEHOLD, Owner(AUTHOR, TEAM), NOON, {"r": first}, sequence=4, row_version=2)
    working_set = WorkingSet.of(PLACES, [subject], [first])
    assert working_set.file(filed(2)).effect is Effect.SUPERSEDE
    assert [(change.sequence, change.is_correction) for change in working_set.changes] == [(5, True)]


def test_the_day_of_a_displacement_is_in_bishkek_time() -> None:
    """At midnight of New Year in Bishkek, the old year continues in UTC.

    If the age were computed in UTC, the person would be a year younger.
    """
    report = filed(occurred_at=datetime(2025, 12, 31, 18, tzinfo=UTC))
    report.sealed = {"members": [{"sex": "female", "birth_year": 2020}]}
    assert disaggregated(report).cells[CELL[Sex.FEMALE, AgeBracket.AGE_6_11]] == 1
