"""Reports of movements may arrive in any order with the same result. Nobody is lost or counted twice."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.reports import NEVER, REMOVALS, AnyFiled, FiledMovement
from shared.events.vocabulary import Movement, OutcomeKind, Precision
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, NOON, OSH, family, movement
from tests.registry.filing import working_set_of
from tests.registry.test_movements import AUTHOR, BODY, FAMILY, MEMBERS, OTHER_AUTHOR, OTHER_TEAM, TEAM, filed

KINDS = st.sampled_from(list(Movement))
WHO = st.one_of(
    st.none(),
    st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=4, unique=True),
    st.integers(min_value=1, max_value=6),
)
PRECISIONS = st.sampled_from([Precision.DAY, Precision.DAY, Precision.HOUR, Precision.WEEK, Precision.MONTH])
LISTED = st.sampled_from([{}, {"members": FAMILY[:3]}, {"members": [*FAMILY[:4], *family(1)]}])
PCODES = st.sampled_from([BATKEN, LEILEK, OSH, KADAMJAI])
ABROAD = (Movement.LEFT_COUNTRY,)
WITH_PLACE = (Movement.TRANSFERRED, Movement.DISPLACED_AGAIN, Movement.RELOCATED, Movement.ENTERED_COUNTRY)


@st.composite
def bodies(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draws reports of one household: displacements and movements. Some reports are corrected or reversed.

    A displacement names all members or some of them. Some dates are not exact. Corrections may change any field.
    """
    reports: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        start = NOON + timedelta(days=draw(st.integers(0, 20)))
        displacement = {**BODY, "report_id": str(UUID(int=number, version=4)), "occurred_at": start.isoformat()}
        displacement["reported_at"] = (start + timedelta(hours=draw(st.integers(0, 30)))).isoformat()
        displacement |= {"occurred_at_precision": draw(PRECISIONS)}
        reports.append(displacement)
        if draw(st.booleans()):
            later = NOON + timedelta(days=draw(st.integers(0, 20)))
            reports.append({**displacement, "version": 2, "occurred_at": later.isoformat(), **draw(LISTED)})
    for number in range(draw(st.integers(1, 5))):
        report_id = str(UUID(int=100 + number, version=4))
        reports.append(draw(moves(report_id)))
        if draw(st.booleans()):
            reports.append({**draw(moves(report_id)), "version": 2, "is_reversed": draw(st.booleans())})
    return reports


@st.composite
def moves(draw: st.DrawFn, report_id: str) -> dict[str, Any]:
    kind, who = draw(KINDS), draw(WHO)
    at = NOON + timedelta(days=draw(st.integers(-2, 24)))
    body = movement(BODY, kind, report_id=report_id, occurred_at=at.isoformat())
    body["reported_at"] = (at + timedelta(hours=draw(st.integers(0, 3)))).isoformat()
    body["occurred_at_precision"] = draw(PRECISIONS)
    if isinstance(who, list):
        body["member_ids"] = who
    elif who:
        body["persons"] = who
    if kind in WITH_PLACE:
        body["destination"] = {"pcode": draw(PCODES)}
    return body


def of_teams(reports: Iterable[dict[str, Any]]) -> list[AnyFiled]:
    teams: Sequence[dict[str, Any]] = (
        {"author": AUTHOR, "team": TEAM},
        {"author": OTHER_AUTHOR, "team": OTHER_TEAM},
    )
    return [
        filed(body, **teams[(UUID(body["report_id"]).int + len(body)) % 2 if "movement" in body else 0])
        for body in reports
    ]


def state_of(reports: Sequence[dict[str, Any]], *, batch: int = 1) -> tuple[Any, ...]:
    working_set = working_set_of(of_teams(reports), batch=batch)
    [subject] = working_set.subjects.values()
    outcomes = {
        (report.report_id, report.clear.version): (report.outcome, report.reason)
        for report in working_set.filed
        if report.outcome is not OutcomeKind.REPEAT
        and isinstance(report, FiledMovement)
        and subject.movements.get(report.report_id) is report
    }
    stays = {id: (followed.stays, followed.parts) for id, followed in subject.courses.by_departure.items()}
    return subject.standing, stays, outcomes


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_state_does_not_depend_on_the_order_of_arrival_or_on_repeats(data: st.DataObject) -> None:
    reports = data.draw(bodies())
    repeated = data.draw(st.permutations([*reports, *data.draw(st.lists(st.sampled_from(reports), max_size=4))]))
    assert state_of(repeated, batch=data.draw(st.integers(1, 9))) == state_of(reports)


@settings(max_examples=40, deadline=None)
@given(bodies())
def test_nobody_is_lost_and_nobody_is_counted_twice(reports: list[dict[str, Any]]) -> None:
    [subject] = working_set_of(map(filed, reports)).subjects.values()
    for report_id, followed in subject.courses.by_departure.items():
        listed = len(subject.displacements[report_id].sealed["members"])
        assert sum(people.count for people in followed.parts.values()) == listed
        has_losses = any(body.get("movement") in REMOVALS for body in reports)
        for hours in range(0, 25 * 24, 12):
            at = NOON + timedelta(hours=hours + 1)
            present = [stay for stay in followed.stays if stay.began_at < at and is_before(at, stay.ended_at)]
            households = Counter(stay.position.sub_stock for stay in present if stay.households)
            assert households == Counter({stay.position.sub_stock for stay in present})
            persons = sum(stay.people.count for stay in present)
            assert persons <= listed
            assert has_losses or persons in (0, listed)


def is_before(at: datetime, end: datetime) -> bool:
    return end is NEVER or at <= end
