"""People are notified of a hazard or displacement, although a process or server fails at that moment."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.queries import receivers as receiver_queries
from services.alerts.receivers.receivers import Receiver
from shared.auth.tokens import Role
from shared.events.topics import ALERTS_HOUSEHOLDS
from shared.events.vocabulary import DeliveryChannel, SubmissionChannel
from shared.outbound import TOTAL_SECONDS
from shared.postgres import database
from tests.alerts.bot_server import DESK, GROUP, TOKEN, serving
from tests.hooks import Hook, Mood, listening
from tests.installation import Installation
from tests.journeys.centre import Centre
from tests.journeys.count import count_check
from tests.journeys.logs import events_on
from tests.otlp import Collector, collecting
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio

DISTRICTS = ("KG05258000000", "KG05214000000", "KG06211000000")
FROM_A_PHONE = [
    "POST /intake/v1/displacements",
    "send displacements",
    "process displacements",
    "send households",
    "process households",
    "deliver webhook",
]


@pytest.fixture(scope="module")
def made(shared_installation: Installation) -> Iterator[Centre]:
    with collecting() as collector:
        yield Centre(shared_installation, collector)


@pytest.fixture
async def centre(made: Centre) -> AsyncIterator[Centre]:
    engine = database.engine(made.settings)
    made.sessions = database.sessions(engine)
    yield made
    while made.workers:
        made.workers.pop().stop()
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM receivers"))
        await connection.execute(text("DELETE FROM deliveries"))
    await engine.dispose()


@pytest.fixture
async def other() -> AsyncIterator[Hook]:
    async with listening() as hook:
        yield hook


async def test_a_webhook_down_then_hanging_then_slow_gets_one_message_and_delays_nobody(
    centre: Centre, hook: Hook, other: Hook
) -> None:
    await centre.receiver("troubled", hook)
    await centre.receiver("well", other)
    await hook.close()
    centre.worker(hook, other)
    async with centre.operator() as client:
        await asyncio.gather(*(centre.hazard(client) for _ in range(6)))
        await centre.settled("well", 6)
        hook.mood, began = Mood.SILENT, time.monotonic()
        await hook.open()
        await wait_for(lambda: len(hook.ids) >= 4)
        await asyncio.gather(*(centre.hazard(client) for _ in range(6)))
        await centre.settled("well", 12)
        assert hook.answered.total() == 0
        # on a busy machine, six deliveries may take longer than the time limit of a hanging request
        is_late = time.monotonic() - began > TOTAL_SECONDS
        assert is_late or not await centre.has_tried("timed_out"), "the well one waited for the hanging one's end"
        await hook.close()  # closing the receiver ends the hanging requests; their timeout has a test of its own
        hook.mood = Mood.SLOW
        await hook.open()
        await asyncio.gather(*(centre.hazard(client) for _ in range(6)))
        await centre.settled("well", 18)
        await centre.settled("troubled", 18)
    assert len(other.answered) == 18 and set(other.answered.values()) == {1}
    assert len(hook.answered) == 18 and set(hook.answered.values()) == {1}
    assert set(hook.ids) == set(hook.answered)
    await count_check(centre.installation, centre.sent)


async def test_a_worker_killed_between_delivery_and_record_sends_again_with_the_same_id(
    centre: Centre, hook: Hook
) -> None:
    await centre.receiver("duty", hook)
    hook.mood = Mood.HELD
    first = centre.worker(hook, ALERTS_LEASE_SECONDS="2")
    async with centre.operator() as client:
        await centre.hazard(client)
        await wait_for(lambda: hook.ids)
        first.kill9()
        hook.may_answer.set()
        await wait_for(lambda: hook.answered.total() == 1)
        hook.mood = Mood.WELL
        centre.worker(hook, ALERTS_LEASE_SECONDS="2")
        await centre.settled("duty", 1)
    assert len(set(hook.ids)) == 1 and len(hook.ids) == 2
    await count_check(centre.installation, centre.sent)


async def test_with_workers_killed_repeatedly_each_hazard_raises_one_alert(centre: Centre, hook: Hook) -> None:
    await centre.receiver("duty", hook)
    worker = centre.worker(hook, ALERTS_LEASE_SECONDS="2")
    async with centre.operator() as client:
        for killed in range(3):
            await asyncio.gather(*(centre.hazard(client) for _ in range(20)))
            await wait_for(partial(reached, hook, 20 * killed + 1), 60)
            worker.kill9()
            worker = centre.worker(hook, ALERTS_LEASE_SECONDS="2")
        await centre.settled("duty", 60)
    assert len(hook.answered) == 60
    assert len({body["data"]["alert_id"] for body in hook.bodies}) == 60
    await count_check(centre.installation, centre.sent)


async def test_an_operator_binds_telegram_and_acknowledges_there_while_the_worker_dies(
    centre: Centre, tmp_path: Path
) -> None:
    (token := tmp_path / "bot-token").write_text(TOKEN)
    async with serving() as bot, centre.operator() as client:
        env = {
            "ALERTS_TELEGRAM_API": bot.url,
            "ALERTS_TELEGRAM_TOKEN_FILE": str(token),
            "OUTBOUND_ALLOW": json.dumps([f"127.0.0.1:{bot.port}"]),
        }
        async with centre.sessions.begin() as session:
            group = Receiver("group", DeliveryChannel.TELEGRAM, f"telegram:{GROUP}", language="en")
            await receiver_queries.save_receiver(session, group)
        worker = centre.worker(**env)
        await wait_for(lambda: bot.called("getUpdates"))
        page = await client.post("/alerts/telegram", headers={"sec-fetch-site": "same-origin"})
        bot.says(f"/start {re.findall('/start ([0-9A-Z-]+)', page.text)[0]}")
        await wait_for(lambda: "Айбек" in bot.sent(DESK)[-1]["text"] if bot.sent(DESK) else False)
        await centre.hazard(client)
        message = await bot.message()
        worker.kill9()
        bot.presses(message, 0)
        centre.worker(**env)
        (alert,) = await wait_for(lambda: acknowledged(client))
        assert alert["acknowledged_name"] == "Айбек"
        await wait_for(lambda: "Acknowledged: Айбек" in bot.sent()[0]["text"])
    await count_check(centre.installation, centre.sent)


async def test_of_two_operators_at_the_same_instant_one_wins_and_the_other_sees_who(centre: Centre) -> None:
    centre.worker()
    async with centre.operator("Айбек") as aibek, centre.operator("Нургүл") as nurgul:
        await centre.hazard(aibek)
        alerts = await wait_for(lambda: open_alerts(aibek))
        path = f"/alerts/v1/alerts/{alerts[0]['alert_id']}/acknowledgement"
        answers = await asyncio.gather(aibek.put(path), nurgul.put(path))
    by_status = {answer.status_code: answer.json() for answer in answers}
    assert set(by_status) == {200, 409}
    assert by_status[409]["acknowledged_name"] == by_status[200]["acknowledged_name"]
    assert by_status[409]["acknowledged_at"]
    await count_check(centre.installation, centre.sent)


async def test_households_on_two_workers_raise_the_threshold_alert_exactly_once(centre: Centre, hook: Hook) -> None:
    """Ten households come from each of three districts. The registry and the alerts service have two workers each."""
    await centre.receiver("duty", hook)
    centre.workers.append(centre.installation.start("registry", "worker", env=centre.collector.env))
    centre.worker(hook)
    centre.worker(hook)
    services = {"registry": "registry", "alerts": ALERTS_HOUSEHOLDS}
    shares = {service: await wait_for(partial(centre.shares, group), 60) for service, group in services.items()}
    before = {service: await centre.positions(service) for service in services}
    async with centre.client(Role.FIELD, channel=SubmissionChannel.FIELD, team=uuid4()) as field:
        origins = [origin for _ in range(10) for origin in DISTRICTS]
        await asyncio.gather(*(centre.household(field, origin) for origin in origins))
        await wait_for(lambda: len(hook.answered) >= len(DISTRICTS), 60)
    await count_check(centre.installation, centre.sent)
    for service, group in services.items():
        moved = {
            topic_partition
            for topic_partition, next in (await centre.positions(service)).items()
            if next > before[service].get(topic_partition, 0)
        }
        assert all(moved & share for share in shares[service]), "both took part"
        assert await centre.shares(group) == shares[service], "and none took over from the other"
    delivery_rows = [
        event.data
        for event in await events_on(centre.installation, "alerts")
        if getattr(event.data, "rule", "") == "displacement"
    ]
    raised = [alert for alert in delivery_rows if alert.event_type == "dayar.alert.raised.v1"]
    assert sorted(alert.figures["pcode"] for alert in raised) == sorted(DISTRICTS)
    newest = {alert.alert_id: alert.households for alert in sorted(delivery_rows, key=lambda alert: alert.sequence)}
    assert list(newest.values()) == [10] * len(DISTRICTS)
    assert set(hook.answered.values()) == {1}
    delivered = {body["data"]["alert_id"] for body in hook.bodies}
    ways = await wait_for(lambda: ways_to(centre.collector, delivered))
    assert ways == dict.fromkeys(delivered, FROM_A_PHONE), "each message belongs to a phone's trace"
    assert await wait_for(lambda: set(FROM_A_PHONE) <= centre.collector.durations.keys())


def ways_to(collector: Collector, alert_ids: set[str]) -> dict[str, list[str]]:
    """Returns for each alert id the spans from the report to the alert's message.

    Before all spans are exported, the result is empty.
    """
    spans = [span for span in collector.spans.values() if span.attributes.get("dayar.alert_id") in alert_ids]
    ways = {span.attributes["dayar.alert_id"]: collector.way_to(span) for span in spans}
    return ways if len(ways) == len(alert_ids) and all(len(way) >= len(FROM_A_PHONE) for way in ways.values()) else {}


def reached(hook: Hook, goal: int) -> bool:
    return len(hook.answered) >= goal


async def acknowledged(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return await alerts_of(client, "acknowledged")


async def open_alerts(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    return await alerts_of(client, "open")


async def alerts_of(client: httpx.AsyncClient, state: str) -> list[dict[str, Any]]:
    page = (await client.get("/alerts/v1/alerts", params={"state": state})).json()
    listed: list[dict[str, Any]] = page["alerts"]
    return listed
