"""Only the author's content decides whether a report is a repeat or a conflict.

Fields that intake adds do not count.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.events import HazardReported
from shared.messaging.records import authored_content

DRAWN = {"point": {"lat": 39.6, "lon": 73.3}}


def hazard(**changed: Any) -> bytes:
    moment = datetime(2026, 6, 15, 6, tzinfo=UTC)
    event = HazardReported.model_validate(
        {
            "report_id": UUID(int=1),
            "hazard_id": UUID(int=2),
            "author": UUID(int=3),
            "channel": "api",
            "source": "cmc",
            "source_id": "m1",
            "type": "mudflow",
            "area": DRAWN,
            "onset": moment,
            "reported_at": moment,
            "received_at": moment,
            "places_version": "1",
            **changed,
        }
    )
    return authored_content(event, b"")


def test_other_boundaries_add_other_codes_and_the_report_is_still_a_repeat() -> None:
    drawn = hazard(area={**DRAWN, "pcodes": ["KG06207000000"]}, places_version="2")
    assert drawn == hazard()


@pytest.mark.parametrize("area", [{"point": {"lat": 39.7, "lon": 73.3}}, {"pcodes": ["KG06207000000"]}])
def test_another_area_is_another_report(area: dict[str, Any]) -> None:
    assert hazard(area=area) != hazard()


def test_codes_named_by_the_author_belong_to_the_content() -> None:
    assert hazard(area={"pcodes": ["KG06207000000"]}) != hazard(area={"pcodes": ["KG05258000000"]})
