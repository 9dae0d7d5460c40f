"""Admission rules decide who may send which report. The code of admission rules does not know HTTP.

Later, a refusal becomes an HTTP answer.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from services.intake.admission import AdmissionRules
from services.intake.answers import REFUSALS
from services.intake.channels import json_reports
from services.intake.drafting import ReportSender
from services.intake.refusals import ForeignEvent, ForeignSource, Invalid, ReportRefused, SignInExpired
from shared.auth.tokens import Principal, Role
from shared.events.vocabulary import Status
from shared.places import Places
from tests.intake.factories import hazard, household

RULES = AdmissionRules(Places.load(), is_exercise=False)
SERVICE = Principal(
    account=uuid4(),
    jti=uuid4(),
    issued_at=0,
    expires_at=2**40,
    roles=frozenset({Role.INTEGRATION}),
    sources=frozenset({"hydromet"}),
)


def drafted(adapter: TypeAdapter[Any], body: Any, principal: Principal, rules: AdmissionRules = RULES) -> Any:
    return rules.draft(adapter.validate_python(body), ReportSender(principal))


def test_a_source_reports_only_its_own_hazards() -> None:
    assert drafted(json_reports.HAZARD, hazard(), SERVICE).event.source == "hydromet"
    with pytest.raises(ForeignSource):
        drafted(json_reports.HAZARD, hazard(source="usgs"), SERVICE)


@pytest.mark.parametrize("source", ["cmc", "field"])
def test_a_token_of_an_earlier_release_does_not_report_as_the_people_of_the_centre(source: str) -> None:
    with pytest.raises(ForeignSource):
        drafted(json_reports.HAZARD, hazard(source=source), replace(SERVICE, sources=frozenset({source})))


def test_only_the_person_who_entered_an_event_changes_it() -> None:
    operator = replace(SERVICE, roles=frozenset({Role.OPERATOR}))
    with pytest.raises(ForeignEvent):
        drafted(json_reports.HAZARD, hazard(source="cmc", source_id=f"{uuid4()}/1"), operator)


def test_an_expired_sign_in_reports_displacements_but_no_hazards() -> None:
    expired = replace(SERVICE, is_expired=True)
    assert drafted(json_reports.DISPLACEMENT, household(), expired).author == str(SERVICE.account)
    with pytest.raises(SignInExpired):
        drafted(json_reports.HAZARD, hazard(), expired)


@pytest.mark.parametrize(("status", "is_admitted"), [("Actual", False), ("Exercise", True), ("Test", True)])
def test_an_exercise_admits_nothing_actual(status: Status, is_admitted: bool) -> None:
    rules = AdmissionRules(RULES.places, is_exercise=True)
    if is_admitted:
        assert drafted(json_reports.HAZARD, hazard(status=status), SERVICE, rules)
    else:
        with pytest.raises(Invalid):
            drafted(json_reports.HAZARD, hazard(status=status), SERVICE, rules)


def test_each_refusal_has_a_problem() -> None:
    assert set(REFUSALS) == set(ReportRefused.__subclasses__())
