"""A report can be decrypted only if its readable fields are exactly as intake wrote them."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.registry.digests import Digests
from services.registry.opening import ReportOpener
from shared.crypto.seal import Opener
from shared.events.vocabulary import Flag
from shared.failures import SetAside
from shared.messaging.records import Record
from tests.registry.factories import Desk, household

OTHER = str(uuid4())


@pytest.fixture
def record(desk: Desk) -> Record:
    return desk.record(desk.message(household(), author=uuid4(), team=uuid4(), flags=(Flag.OUTSIDE_AREA,)))


@pytest.fixture
def opener(tmp_path: Path, desk: Desk) -> ReportOpener:
    return ReportOpener(Opener(tmp_path / "private"), Digests(tmp_path / "digests"))


def test_a_sealed_report_opens_unchanged(record: Record, opener: ReportOpener) -> None:
    assert opener(record).opened is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"author": OTHER},
        {"team": OTHER},
        {"channel": "api"},
        {"flags": []},
        {"flags": ["registrar_of_country"]},
        {"status": "Test"},
        {"persons": 3},
        {"household_id": str(uuid4())},
        {"received_at": "2026-06-15T06:00:05Z"},
        {"places_version": "other"},
        {"destination": {"pcode": "KG06207000000"}},
        {"reasons": ["conflict"]},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_clear_fields_beside_the_box_cannot_be_changed(
    record: Record, opener: ReportOpener, changed: dict[str, Any]
) -> None:
    value = json.loads(record.value)
    box = value.pop("sealed")
    text = json.dumps({**value, **changed, "sealed": box}, ensure_ascii=False, separators=(",", ":")).encode()
    with pytest.raises(SetAside, match="seal_mismatch"):
        opener(record._replace(value=text))


def test_nothing_can_be_added_after_the_box(record: Record, opener: ReportOpener) -> None:
    """If a name occurs twice, JSON parsers use the last value.

    A field that somebody adds at the end could therefore replace an earlier field.
    """
    with pytest.raises(SetAside, match="seal_mismatch"):
        opener(record._replace(value=record.value[:-1] + b',"persons":3}'))
