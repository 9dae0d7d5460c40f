"""The registry publishes people who are known only from held reports.

The registry publishes the end of a hold as well.
"""

from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry.decisions import Name
from services.registry.held.earlier import COMPLETE, take_some
from services.registry.held.people import newest_held
from services.registry.models import HeldDecision
from services.registry.reports import AnyFiled
from services.registry.working_set import WorkingSet
from shared.events.vocabulary import Flag, OutcomeKind
from tests.registry.conftest import Filing
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, group, household
from tests.registry.filing import PLACES, filed_from

VILLAGE = "KG05258804010"  # in Kadamjai
AUTHOR, OTHER = str(uuid4()), str(uuid4())
EXPIRED = (Flag.EXPIRED_TOKEN,)


async def decide(file: Filing, **decision: Any) -> str:
    held = [row for row in await file.rows("reports") if row["outcome"] == "held"]
    outcome_id = max(held, key=lambda row: row["version"])["outcome_id"]
    return await file.registrar.settle_held(HeldDecision(outcome_id=outcome_id, **decision), file.session)


@pytest.mark.anyio
async def test_a_held_household_is_published_by_district_without_personal_data(file: Filing) -> None:
    body = household(origin={"pcode": VILLAGE})
    assert await file(body, flags=EXPIRED) == ["expired_token"]
    [held] = await file.events("households")
    assert held.pop("places_version", None) != ""
    assert held == {
        "household_id": body["household_id"],
        "report_id": body["report_id"],
        "version": 1,
        "sequence": held["sequence"],
        "is_held": True,
        "status": "Actual",
        "occurred_on": "2026-06-15",
        "occurred_on_precision": "day",
        "mobility": "displacement",
        "origin": {"pcode": KADAMJAI},
        "destination": {"pcode": LEILEK},
        "persons": 5,
        "reported_on": "2026-06-15",
    }
    assert await decide(file, is_accepted=True, is_expiry_only=False) == "recorded"
    _, registered, ended = await file.events("households")
    assert (registered["persons"], "is_held" in registered) == (5, False)
    assert (ended["is_held"], ended["sequence"] > held["sequence"]) == (False, True)


@pytest.mark.anyio
async def test_a_refused_report_is_no_longer_held(file: Filing) -> None:
    first = household()
    assert await file(first, flags=EXPIRED) == ["expired_token"]
    corrected = {**first, "version": 2, "persons": 4, "members": []}
    await file(corrected, flags=EXPIRED)
    for _ in range(2):
        assert await decide(file, is_accepted=False, refusal="not_confirmed") == "rejected"
    events = await file.events("households")
    assert [(event["persons"], event["is_held"]) for event in events] == [(5, True), (4, True), (5, True), (5, False)]


@pytest.mark.anyio
async def test_a_correction_of_a_duplicate_does_not_count_its_people_again(file: Filing) -> None:
    """The people of the report are registered as another household. The report was therefore refused as a duplicate.

    A correction of the report is held. The people of the held correction are not published as held people.
    """
    first = household()
    corrected = {**first, "version": 2, "persons": 4, "members": []}
    await file(first, flags=EXPIRED)
    assert await decide(file, is_accepted=False, refusal="duplicate") == "rejected"
    assert await file(corrected) == ["corrects_duplicate"]
    assert await file({**corrected, "version": 3}, flags=EXPIRED) == ["expired_token"]
    assert [event["is_held"] for event in await file.events("households")] == [True, False]


@pytest.mark.anyio
async def test_a_version_about_another_household_does_not_count_its_people_again(file: Filing) -> None:
    first = household()
    await file(first)
    assert await file({**first, "household_id": str(uuid4()), "version": 2}) == ["other_household"]
    assert ["is_held" in event for event in await file.events("households")] == [False]


@pytest.mark.anyio
async def test_an_exercise_does_not_hide_the_people_of_a_held_actual_report(file: Filing) -> None:
    practised = household(status="Exercise")
    await file(practised)
    await file(household(household_id=practised["household_id"], status="Exercise"), flags=EXPIRED)
    actual = household(household_id=practised["household_id"], persons=4, members=[])
    assert await file(actual, flags=EXPIRED) == ["expired_token"]
    registered, held = await file.events("households")
    assert (registered["status"], held["is_held"], held["status"], held["persons"]) == ("Exercise", True, "Actual", 4)


@pytest.mark.anyio
async def test_a_held_report_about_registered_people_is_not_published(file: Filing) -> None:
    body, count = household(), group()
    await file(body, count)
    before = [*await file.events("households"), *await file.events("groups")]
    stranger: dict[str, Any] = {"author": uuid4(), "team": uuid4()}
    assert await file({**body, "version": 2}, {**count, "version": 2}, **stranger) == ["not_author"] * 2
    assert [*await file.events("households"), *await file.events("groups")] == before


@pytest.mark.anyio
async def test_a_held_count_states_the_stock_of_recorded_counts_of_its_people(file: Filing) -> None:
    there = {"is_full_recount": True, "destination_locality": "мектеп", "shelter": "collective_centre"}
    await file(group(**there))
    assert await file(group(persons=90, origin={"pcode": KADAMJAI}, **there), flags=EXPIRED) == ["expired_token"]
    counted, held = await file.events("groups")
    assert (held["is_held"], held["persons"], held["households"], held["measure"]) == (True, 90, 25, "stock")
    assert held["stock_id"] == counted["stock_id"]
    assert held["destination"] == {"pcode": BATKEN} and "destination_locality" not in held


@pytest.mark.anyio
async def test_people_whom_an_earlier_release_held_are_published_once(file: Filing) -> None:
    await file(household(), group(), flags=EXPIRED)
    await file.session.execute(text("DELETE FROM outbox"))
    await file.session.execute(COMPLETE)
    # empty, because this release has already published these people
    assert await take_some(file.session) == []
    await file.session.execute(text("SELECT setval('held_sequence', nextval('held_sequence'), false)"))
    await file.session.execute(text("DELETE FROM held_stocks"))
    await file.session.execute(COMPLETE)
    names = await take_some(file.session)
    await file.registrar.publish_held(names, file.session)
    assert [event["is_held"] for event in await file.events("households")] == [True]
    assert [event["is_held"] for event in await file.events("groups")] == [True]
    assert await take_some(file.session) == []


Drawn = tuple[int, int, bool, int, bool]
Version = tuple[str, int, str]  # report id, number of the version, author


def without_other_teams_of_the_exercise(drawn: list[Drawn]) -> list[Drawn]:
    """Leaves out a second team's reports about the household that has reports of an exercise.

    With two teams, the order of arrival would decide which people of the household are published. The first team to
    report a household owns it, and the other team's reports are held. If only an exercise registered the household, its
    held reports with the status Actual are published.
    """
    return [version for version in drawn if version[0] > 1 or not version[2]]


# each tuple is a version of a report: number of the report, number of the version, whether another team sent it, hour,
# and whether the sign-in had expired
VERSIONS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.booleans(), st.integers(0, 2), st.booleans()),
    unique_by=lambda version: version[:3],
    max_size=8,
).map(without_other_teams_of_the_exercise)


@given(
    drawn=VERSIONS,
    refused=st.sets(st.integers(0, 7)),
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    order=st.randoms(use_true_random=False),
)
def test_the_published_holds_do_not_depend_on_the_order_and_the_batches_of_reports(
    drawn: list[Drawn], refused: set[int], sizes: tuple[int, int], order: Random
) -> None:
    first = published_after(drawn, sizes[0], refused)
    assert published_after(order.sample(drawn, len(drawn)), sizes[1], refused) == first


def published_after(drawn: Sequence[Drawn], size: int, refused: set[int]) -> dict[Name, Version]:
    reports, published = [report_of(*version) for version in drawn], dict[Name, Version]()
    stored = WorkingSet.of(PLACES)
    for start in range(0, len(reports), size):
        stored = loaded(stored)
        for report in reports[start : start + size]:
            stored.file(report)
        publish(stored, published)
    held = sorted((report for report in reports if report.outcome is OutcomeKind.HELD), key=version_of)
    for number in refused & set(range(len(held))):
        stored = loaded(stored)
        stored.refuse(held[number])
        publish(stored, published)
    assert published == {name: version_of(filed) for name, filed in newest_held(reports, stored.subjects).items()}
    return published


def report_of(number: int, version: int, is_others: bool, hour: int, is_expired: bool) -> AnyFiled:
    at = (NOON + timedelta(hours=hour)).isoformat()
    ids = {"household_id": str(UUID(int=number // 2, version=4)), "report_id": str(UUID(int=number, version=4))}
    status = "Exercise" if number == 1 else "Actual"
    body = household(**ids, version=version, occurred_at=at, reported_at=at, status=status)
    author = OTHER if is_others else AUTHOR
    return filed_from(body, sealed=(), author=author, team=author, flags=EXPIRED if is_expired else ())


def loaded(stored: WorkingSet) -> WorkingSet:
    reports = [report for versions in stored.reports.values() for report in versions]
    return WorkingSet.of(PLACES, stored.subjects.values(), reports)


def publish(stored: WorkingSet, published: dict[Name, Version]) -> None:
    for change in stored.held_changes():
        published.pop(change.filed.subject, None)
        if change.is_held:
            published[change.filed.subject] = version_of(change.filed)


def version_of(filed: AnyFiled) -> Version:
    return filed.report_id, filed.clear.version, filed.author
