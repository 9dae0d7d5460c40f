"""If a delivery finally fails, the reason is stored: for example, a forbidden address or a removed receiver."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.alerts.delivery.notices import Cause, PlannedDelivery
from services.alerts.queries import deliveries as delivery_queries
from services.alerts.receivers import subscriptions
from tests.alerts.factories import NOW, mudflow
from tests.alerts.town import Town, attempts
from tests.hooks import Hook, Mood
from tests.waiting import wait_for

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


async def test_a_removed_receiver_gets_no_more_messages_and_a_new_one_of_its_label_gets_none_of_them(
    town: Town, hook: Hook
) -> None:
    await town.receiver("duty", hook)
    await town.alert()
    async with town.sessions.begin() as session:
        await subscriptions.remove(session, "duty")
    await town.receiver("duty", hook)
    async with town.working(hook):
        (row,) = await town.settled(1)
        assert (row["is_delivered"], row["reason"], hook.ids) == (False, "receiver_removed", [])
        await town.alert()
        _, own = await town.settled(2)
    assert hook.ids == [str(own["delivery_id"])]


async def test_a_webhook_that_asks_to_wait_is_not_called_earlier(town: Town, hook: Hook) -> None:
    await town.receiver("duty", hook)
    hook.mood, hook.retry_after = Mood.BROKEN, "600"
    async with town.working(hook):
        await town.alert()
        await wait_for(lambda: attempts(town, "http_503"))
    (row,) = await town.rows()
    assert row["due_at"] - row["created_at"] > timedelta(minutes=9)
    async with town.sessions.begin() as session:
        alert_id = row["alert_id"]
        newer = PlannedDelivery(uuid4(), alert_id, 2, "duty", "webhook", Cause.UPDATED, row["content"], NOW)
        await delivery_queries.add_deliveries(session, [newer])
    due = {each["delivery_id"]: each["due_at"] for each in await town.rows()}
    assert due[row["delivery_id"]] == row["due_at"], "a newer message does not shorten the pause"


async def test_a_receiver_that_became_external_meanwhile_gets_no_restricted_text(town: Town, hook: Hook) -> None:
    """The worker reads the receiver, the receiver becomes external, and then the worker stores the delivery."""
    await town.receiver("former desk", hook, is_internal=True)
    now = datetime.now(UTC)
    await town.report(
        mudflow(onset=now, received_at=now, scope="Restricted", text={"ru": {"headline": "Звонил староста"}})
    )
    assert "староста" in (await town.rows())[0]["content"]
    async with town.sessions.begin() as session:
        await session.execute(text("UPDATE receivers SET is_internal = false"))
    async with town.working(hook):
        await town.settled(1)
    assert hook.bodies[0]["hazard"] == {"scope": "Restricted", "texts": {}}
