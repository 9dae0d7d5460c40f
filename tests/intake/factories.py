"""Makes bodies of requests as clients send them."""

from typing import Any
from uuid import uuid4

MOMENT = "2026-06-15T12:00:00+06:00"


def household(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "household",
        "report_id": str(uuid4()),
        "household_id": str(uuid4()),
        "occurred_at": MOMENT,
        "reported_at": MOMENT,
        "origin": {"pcode": "KG05258000000"},
        "destination": {"pcode": "KG05236000000"},
        "persons": 2,
        "reasons": ["natural_disaster"],
        "hazard_type": "mudflow",
        "phone": "+996 555 010203",
        "members": [
            {"member_id": str(uuid4()), "relationship": "head", "given_name": "Айгүл", "birth_date": "1984-05-02"},
            {"member_id": str(uuid4()), "relationship": "child", "sex": "male"},
        ],
        **changed,
    }


def group(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "group",
        "report_id": str(uuid4()),
        "group_id": str(uuid4()),
        "occurred_at": MOMENT,
        "reported_at": MOMENT,
        "origin": {"pcode": "KG05258000000"},
        "destination": {"country": "TJ"},
        "persons": 120,
        "measure": "stock",
        "quantifier": "approximately",
        **changed,
    }


def movement(**changed: Any) -> dict[str, Any]:
    return {
        "kind": "household_movement",
        "report_id": str(uuid4()),
        "household_id": str(uuid4()),
        "movement": "returned",
        "occurred_at": MOMENT,
        "reported_at": MOMENT,
        **changed,
    }


def hazard(**changed: Any) -> dict[str, Any]:
    return {
        "report_id": str(uuid4()),
        "source": "hydromet",
        "source_id": f"warning {uuid4()}",
        "type": "mudflow",
        "severity": "Severe",
        "area": {"pcodes": ["KG05258000000"]},
        "onset": MOMENT,
        "reported_at": MOMENT,
        **changed,
    }
