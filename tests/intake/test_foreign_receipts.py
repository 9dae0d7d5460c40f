"""A report may have the id of another author's report.

A person who copies another author's report id learns nothing about the other report.
"""

from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.intake.conftest import DISPLACEMENTS, RunningIntake
from tests.intake.factories import household
from tests.intake.test_receipts import receipt, save, save_alerted, stored

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "foreign",
    [
        {"outcome": "held", "reason": "not_author"},
        {"outcome": "held", "reason": "household_unknown"},
        {"outcome": "rejected", "reason": "duplicate"},
        {"outcome": "set_aside", "reason": "seal_mismatch"},
        {"outcome": "noted", "kind": "hazard"},
    ],
)
async def test_who_sends_a_report_under_a_foreign_id_does_not_learn_of_the_alert(
    intake: RunningIntake, foreign: dict[str, Any]
) -> None:
    author, stranger, body = uuid4(), uuid4(), household()
    report_id = UUID(body["report_id"])
    await save(intake, stored(report_id, author, outcome="recorded"))
    await save_alerted(intake, body["report_id"])
    await intake.caller(account=stranger).post(DISPLACEMENTS, body)
    assert (await receipt(intake, stranger, body["report_id"]))["is_alerted"] is None
    await save(intake, stored(report_id, stranger, **foreign))
    assert (await receipt(intake, stranger, body["report_id"]))["is_alerted"] is False
    await save(intake, stored(report_id, stranger, outcome="held", reason="not_author", version=2))
    assert (await receipt(intake, stranger, body["report_id"]))["is_alerted"] is False
    assert (await receipt(intake, author, body["report_id"]))["is_alerted"] is True


@pytest.mark.parametrize(
    "own",
    [
        {"outcome": "held", "reason": "waiting"},
        {"outcome": "rejected", "reason": "wrong_number"},
        {"outcome": "suppressed", "kind": "hazard"},
    ],
)
async def test_the_only_author_of_a_report_learns_of_the_alert(intake: RunningIntake, own: dict[str, Any]) -> None:
    """An alert counts held reports, although a person may refuse them later.

    A withheld alert counts as an alert, because it may be raised later.
    """
    author, report_id = uuid4(), uuid4()
    await save(intake, stored(report_id, author, **own))
    await save_alerted(intake, str(report_id))
    assert (await receipt(intake, author, str(report_id)))["is_alerted"] is True
