"""Tests who may report, correct and reverse a household's movement."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from services.intake.clocks import Clocks
from services.intake.reports import displacement
from shared.auth.tokens import Principal, Role
from shared.events.movements import HouseholdMovementReport
from shared.events.vocabulary import Flag, OutcomeKind
from tests.registry.factories import BATKEN, LEILEK, NOON, OSH
from tests.registry.filing import PLACES, working_set_of
from tests.registry.test_movements import BODY, DAY, MEMBERS, OTHER_AUTHOR, OTHER_TEAM, filed, moved


@pytest.mark.parametrize("kind", ["died", "left_country", "solution_assessed"])
def test_only_the_households_team_or_a_registrar_takes_people_out_of_the_stock(kind: str) -> None:
    def outcome(**stamps: Any) -> str:
        report = filed(moved(kind), **stamps)
        working_set_of([filed(BODY), report])
        return report.reason or report.outcome

    assert outcome() == "recorded"
    assert outcome(author=OTHER_AUTHOR) == "recorded"  # both authors are in one team
    assert outcome(author=OTHER_AUTHOR, team=OTHER_TEAM) == "removal_by_other_team"


BATKEN_OBLAST, OSH_OBLAST = PLACES.oblast(LEILEK), PLACES.oblast(OSH)


def registrars_stamps(body: dict[str, Any], *areas: str) -> dict[str, Any]:
    registrar = Principal(
        account=uuid4(), jti=uuid4(), issued_at=0, expires_at=2**40, roles=frozenset({Role.REGISTRAR}), areas=areas
    )
    report = HouseholdMovementReport.model_validate(body)
    draft = displacement(report, registrar, clocks=Clocks(datetime.now(UTC)), places=PLACES)
    stamps = json.loads(draft.stamps)
    return {
        "author": stamps["author"],
        "team": str(uuid4()),
        "flags": tuple(map(Flag, stamps["flags"])),
        "registrar_areas": stamps.get("registrar_areas", ()),
    }


@pytest.mark.parametrize(
    ("areas", "is_entitled"),
    [(("KG",), True), ((BATKEN_OBLAST,), True), ((OSH, LEILEK), True), ((OSH_OBLAST,), False), ((BATKEN,), False)],
)
def test_a_registrar_of_the_households_area_has_a_right_over_its_movements(
    areas: tuple[str, ...], is_entitled: bool
) -> None:
    returned = moved("returned")
    reversal = {**returned, "version": 2, "is_reversed": True}
    died, left = moved("died", member_ids=MEMBERS[:1]), moved("left_country", 2, destination={"country": "KZ"})
    reports = [filed(BODY), filed(returned), *(filed(body, **registrars_stamps(body, *areas)) for body in (died, left))]
    reports.append(filed(reversal, **registrars_stamps(reversal, *areas)))
    working_set_of(reports)
    assert [report.reason for report in reports[2:]] == (
        [None] * 3 if is_entitled else ["removal_by_other_team"] * 2 + ["not_author"]
    )


def test_another_team_reports_a_return_and_only_it_or_the_households_team_reverses_it() -> None:
    def outcome(**stamps: Any) -> str:
        returned = moved("returned")
        reports = [filed(BODY), filed(returned, author=OTHER_AUTHOR, team=OTHER_TEAM)]
        reversal = filed({**returned, "version": 2, "is_reversed": True}, **stamps)
        working_set_of([*reports, reversal])
        assert reports[1].outcome is OutcomeKind.RECORDED
        return reversal.reason or reversal.outcome

    assert outcome() == "recorded"
    assert outcome(author=str(uuid4()), team=OTHER_TEAM) == "recorded"
    assert outcome(author=str(uuid4()), team=str(uuid4())) == "not_author"


def test_an_accepted_removal_takes_effect() -> None:
    report = filed(moved("died"), author=OTHER_AUTHOR, team=OTHER_TEAM)
    working_set = working_set_of([filed(BODY), report])
    working_set.accept(report)
    working_set.judge()
    assert (report.outcome, report.reason) == (OutcomeKind.RECORDED, None)
    assert working_set.changes[-1].standing is not None
    assert working_set.changes[-1].standing.displaced == 0


def test_if_a_correction_of_a_movement_is_refused_the_version_below_has_effect_again() -> None:
    returned = moved("returned", 1)
    first, wrong = filed(returned), filed({**returned, "version": 2, "occurred_at": (NOON - 3 * DAY).isoformat()})
    working_set = working_set_of([filed(BODY), first, wrong])
    assert wrong.reason == "before_departure"
    [subject] = working_set.subjects.values()
    assert subject.standing is None
    published = len(working_set.changes)
    working_set.refuse(wrong)
    working_set.judge()
    assert (wrong.outcome, wrong.reason) == (OutcomeKind.REJECTED, "refused_by_person")
    assert first.outcome is OutcomeKind.RECORDED
    assert [change.standing and change.standing.returned for change in working_set.changes[published:]] == [5]
    assert working_set.changed[subject.name] is subject


def test_a_removal_that_its_author_withdraws_waits_for_nobody() -> None:
    died = moved("died", member_ids=MEMBERS[:1])
    reports = [filed(died, author=OTHER_AUTHOR, team=OTHER_TEAM)]
    reports.append(filed({**died, "version": 2, "is_reversed": True}, author=OTHER_AUTHOR, team=OTHER_TEAM))
    for order in (reports, reports[::-1]):
        working_set_of([filed(BODY), *order])
        assert [(report.outcome, report.reason) for report in reports] == [
            (OutcomeKind.MERGED, "older_version"),
            (OutcomeKind.RECORDED, None),
        ]
