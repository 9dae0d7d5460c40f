"""Tests who may read a dead letter.

Two kinds of people may: people whose areas contain a place of the record, and people of the whole country.
"""

from typing import Any
from uuid import uuid4

import pytest

from shared.auth.tokens import Principal, Role
from shared.messaging.letter_contents import subjects
from shared.places import Places
from shared.web.letter_routes import is_visible

OSH_OBLAST, ALAI, KADAMJAI = "KG06000000000", "KG06207000000", "KG05258000000"


@pytest.mark.parametrize(
    ("topic", "fields", "is_seen"),
    [
        ("households", {"origin": {"pcode": KADAMJAI}, "destination": {"pcode": ALAI}}, True),
        ("households", {"origin": {"pcode": KADAMJAI}}, False),
        # a person of one district may not read it, because the household may be in another district of the oblast
        ("households", {"origin": {"pcode": OSH_OBLAST}}, False),
        ("hazards-restricted", {"area": {"pcodes": [KADAMJAI, OSH_OBLAST]}}, True),
        ("alerts", {"pcodes": [ALAI]}, True),
        ("alerts", {"pcodes": KADAMJAI, "origin": "unknown"}, False),
        ("sites", {"pcode": ALAI}, True),
        ("outcomes", {"report_id": "1"}, False),
        ("hazards", None, False),
    ],
)
def test_a_letter_is_seen_in_the_areas_of_the_places_that_it_states(
    topic: str, fields: dict[str, Any] | None, is_seen: bool
) -> None:
    places = Places.load()
    assert is_visible(topic, fields, reader(ALAI), places) is is_seen
    assert is_visible(topic, fields, reader("KG"), places)


def test_the_security_log_names_the_subject_and_the_report_of_a_letter() -> None:
    hazard_id, report_id = uuid4(), uuid4()
    fields = {"hazard_id": str(hazard_id), "report_id": str(report_id), "alert_id": "damaged"}
    assert subjects("hazards", fields) == [hazard_id, report_id]
    assert subjects("displacements", fields) == [report_id]  # the report's event is not its subject
    assert subjects("alerts", {"alert_id": "damaged"}) == []


def reader(*areas: str) -> Principal:
    roles = frozenset({Role.OPERATOR})
    return Principal(account=uuid4(), jti=uuid4(), issued_at=0, expires_at=1, roles=roles, areas=areas)
