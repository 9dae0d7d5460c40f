"""A long message has several parts with a receipt each.

Only all receipts together show whether the message was delivered.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.alerts.config import AlertsSettings
from services.alerts.sms.gateway import SmsReceiptState, whole_state
from services.alerts.sms.segments import segments_of
from tests.alerts.factories import ALAI, KADAMJAI, LEILEK, mudflow
from tests.alerts.test_sms_receipts import DELIVERED, FAILED, READ, Gate, opened
from tests.installation import Installation
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio


@pytest.fixture
async def gate_of_parts(
    shared_installation: Installation, settings: AlertsSettings, engine: AsyncEngine, tmp_path: Path
) -> AsyncIterator[Gate]:
    async with opened(shared_installation, settings, engine, tmp_path, "json with parts") as made:
        await made.officer()
        await made.town.report(mudflow(onset=datetime.now(UTC), area={"pcodes": [KADAMJAI, LEILEK, ALAI]}))
        yield made
        (message,) = made.gateways.messages
        assert len(segments_of(message["text"]).texts) == 2


async def test_a_message_of_two_parts_is_delivered_if_the_receipts_of_both_say_so(gate_of_parts: Gate) -> None:
    gate = gate_of_parts
    async with gate.sending():
        await wait_for(gate.is_sent)
        for _ in range(2):
            assert await gate.push_part("delivered", "m-1", 2) == 200
        assert await gate.state() is None
        assert await gate.push_part("seen", "m-1", 1) == 200
        (row,) = await gate.town.settled(1)
    assert (row["is_delivered"], row["reason"], await gate.state()) == (True, "sms_delivered", "delivered")
    assert await gate.push_part("seen", "m-1", 2) == 200
    assert await gate.state() == "read"
    assert await gate.counted() == {"delivered": 1, "read": 2, "repeated": 1}


async def test_a_message_of_which_one_part_is_lost_has_failed(gate_of_parts: Gate) -> None:
    gate = gate_of_parts
    async with gate.sending():
        await wait_for(gate.is_sent)
        assert await gate.push_part("delivered", "m-1", 1) == 200
        assert await gate.push_part("expired", "m-1", 2) == 200
        (row,) = await gate.town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, "sms_undelivered")
    assert await gate.push_part("delivered", "m-1", 2) == 200
    assert await gate.state() == "delivered", "the second part came late"


async def test_receipts_of_parts_may_come_before_the_message_is_stored(gate_of_parts: Gate) -> None:
    gate = gate_of_parts
    for part in (1, 2):
        assert await gate.push_part("delivered", "m-1", part) == 200
    async with gate.sending():
        (row,) = await gate.town.settled(1)
    assert (row["reason"], row["attempts"], await gate.state()) == ("sms_delivered", 1, "delivered")
    assert await gate.counted() == {"unknown": 2}


@pytest.mark.parametrize(
    ("states", "parts", "whole"),
    [
        ([DELIVERED], 1, DELIVERED),
        ([DELIVERED], 2, None),
        ([DELIVERED, None], 2, None),
        ([DELIVERED, READ], 2, DELIVERED),
        ([READ, READ], 2, READ),
        ([DELIVERED, FAILED], 2, FAILED),
        ([FAILED], 2, FAILED),
        ([DELIVERED, DELIVERED, None], 2, None),
        ([], 1, None),
    ],
)
def test_the_state_of_a_message_follows_from_the_states_of_all_its_parts(
    states: list[SmsReceiptState | None], parts: int, whole: SmsReceiptState | None
) -> None:
    assert whole_state(states, parts) == whole
