"""A record replaces a restricted revision.

The stream finds the replaced revision in earlier records or in the database.
"""

from typing import Any
from uuid import uuid4

import pytest

from services.console.hazards.revisions import HazardRevisions
from services.console.models import BoardHazard
from tests.console.factories import BATKEN, KADAMJAI, hazard

HAZARD = uuid4()


def record(
    revision: int, scope: str = "Restricted", *, pcode: str = KADAMJAI, **more: Any
) -> tuple[str, dict[str, Any]]:
    event = hazard(hazard_id=HAZARD, revision=revision, scope=scope, area={"pcodes": [pcode]}, **more)
    return event.own_topic, event.model_dump(mode="json")


def pcodes(revisions: HazardRevisions, *records: tuple[str, dict[str, Any]]) -> list[list[str] | None]:
    replaced = [revisions.replaced(*each) for each in records]
    return [earlier["area"]["pcodes"] if earlier else None for earlier in replaced]


def test_each_newer_record_replaces_the_one_before() -> None:
    moved, repeated = record(2, pcode=BATKEN), record(1)
    assert pcodes(HazardRevisions(), record(1), moved, repeated, record(3, "Private")) == [
        None,
        [KADAMJAI],
        None,
        [BATKEN],
    ]


@pytest.mark.parametrize(("revision", "expected"), [(1, None), (2, [BATKEN])])
def test_a_stored_revision_is_replaced_by_a_newer_record_only(revision: int, expected: list[str] | None) -> None:
    revisions = HazardRevisions()
    revisions.store([BoardHazard(hazard_id=HAZARD, revision=1, scope="Restricted", pcodes=[BATKEN])])
    assert pcodes(revisions, record(revision, "Private")) == [expected]


def test_a_release_replaces_nothing() -> None:
    revisions = HazardRevisions()
    release = record(2, "Public", released_revision=1)
    assert pcodes(revisions, record(1), release, record(3)) == [None, None, [KADAMJAI]]
