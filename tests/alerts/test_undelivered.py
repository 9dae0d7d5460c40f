"""A delivery that failed for good has a reason: a forbidden address, retries for too long, or a removed receiver."""

from typing import Any

import pytest
from sqlalchemy import text

from services.alerts import subscriptions
from tests.alerts.town import Town
from tests.hooks import Hook, Mood

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("address", "changed", "reason"),
    [
        ("https://10.0.0.1/", {}, "refused_address"),
        ("http://127.0.0.1:9/", {}, "refused_address"),
    ],
)
async def test_a_forbidden_address_is_not_called(
    town: Town, hook: Hook, address: str, changed: dict[str, Any], reason: str
) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET address = :address"), {"address": address})
    async with town.working(hook, **changed, alerts_retry_hours=0):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, reason)


@pytest.mark.parametrize("address", ["https://93.184.215.14/", "http://93.184.215.14/"])
async def test_an_exercise_keeps_outside_messages_on_its_outbox_page(town: Town, hook: Hook, address: str) -> None:
    await town.receiver("duty", hook)
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET address = :address"), {"address": address})
    async with town.working(hook, exercise=True):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (True, "outbox_page")


async def test_a_delivery_is_given_up_after_a_day_and_reported(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood = Mood.BROKEN
    async with town.working(hook, alerts_retry_hours=2 / 3600):
        await town.alert()
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, "http_503")
    assert row["attempts"] > 1


async def test_a_removed_receiver_gets_no_more_messages(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await subscriptions.remove(session, "duty")
    async with town.working(hook):
        (row,) = await town.settled(1)
    assert (row["is_delivered"], row["reason"]) == (False, "receiver_removed")
    assert hook.ids == []
