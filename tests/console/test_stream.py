"""The live stream loses no event between a page's load and its first connection, or between two connections."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from typing import Any
from uuid import uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from starlette.requests import Request
from starlette.routing import Route

from deploy.local.process import wait_until
from services.console import visibility
from services.console.config import ConsoleSettings
from services.console.stream import vectors
from services.console.stream.listeners import Listener
from services.console.stream.listening import Listening, start_of
from services.console.stream.reader import EventStream
from services.console.stream.vectors import Vector
from services.console.visibility import StreamVisibility
from shared import lifecycle
from shared.auth.revocations import Revocations, is_at_end
from shared.auth.tokens import Principal, Role
from shared.failures import Backoff
from shared.messaging import kafka
from shared.places import Places
from shared.postgres import database
from shared.web import apps
from tests.console.conftest import Served
from tests.console.factories import BATKEN, KADAMJAI, alert, hazard, household, message
from tests.forging import forge
from tests.installation import in_thread
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("fresh_attempts")


class Heard:
    """Server-sent events as a browser reads them. Heartbeats are skipped unless `beats` is set."""

    def __init__(self, answer: httpx.Response) -> None:
        self.last_id = ""
        self.beats = False
        self._lines = answer.iter_lines()

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        name, data = "", ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = value
            elif not line:
                if name and data and (name != "beat" or self.beats):
                    yield name, json.loads(data)
                name, data = "", ""

    def take(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        return list(islice(self, count))


@contextmanager
def listening(client: httpx.Client, topics: str = "hazards", **headers: str) -> Iterator[Heard]:
    with client.stream("GET", "/stream", params={"topics": topics}, headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard = Heard(answer)
        until_position(heard)
        yield heard


def until_position(heard: Heard) -> None:
    for line in heard._lines:
        if line.startswith("id: "):
            heard.last_id = line.removeprefix("id: ")
            return


def test_an_event_arrives_as_a_cloud_event(served: Served) -> None:
    reported = hazard()
    with listening(served.signed_in(Role.OPERATOR)) as heard:
        served.publish(reported)
        ((name, event),) = heard.take(1)
    assert name == "hazards"
    assert event["type"] == "dayar.hazard.reported.v1"
    assert event["data"]["hazard_id"] == str(reported.hazard_id)


def test_a_quiet_stream_sends_beats(served: Served) -> None:
    """A heartbeat needs data: browsers pass neither comments nor events without data to the page."""
    with listening(served.signed_in(Role.OPERATOR)) as heard:
        before, heard.last_id, heard.beats = heard.last_id, "", True
        assert [name for name, _ in heard.take(1)] == ["beat"]
        assert heard.last_id == before


def test_a_listener_that_reconnects_misses_nothing_and_gets_nothing_twice(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    reported = [hazard() for _ in range(30)]
    ids = [str(each.hazard_id) for each in reported]
    with listening(client) as first:
        served.publish(*reported[:10])
        before = [event["data"]["hazard_id"] for _, event in first.take(10)]
    served.publish(*reported[10:20])
    with client.stream("GET", "/stream?topics=hazards", headers={"last-event-id": first.last_id}, timeout=60) as answer:
        again = Heard(answer)
        served.publish(*reported[20:])
        after = [event["data"]["hazard_id"] for _, event in again.take(20)]
    assert sorted(before + after) == sorted(ids)


def test_a_pages_stream_begins_at_the_position_of_the_page(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    vector = client.get("/").text.partition('data-vector="')[2].partition('"')[0]
    reported = hazard()
    served.publish(reported)
    with client.stream("GET", "/stream", params={"topics": "hazards", "from": vector}, timeout=60) as answer:
        heard = (event["data"]["hazard_id"] for _, event in Heard(answer))
        # hazards of earlier tests may come before this hazard
        assert str(reported.hazard_id) in heard


def test_a_panel_contains_every_event_that_the_browser_received(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    reported = hazard(text={"en": {"headline": f"Mud in the street {uuid4()}"}})
    with listening(client) as heard:
        served.publish(reported)
        heard.take(1)
        panel = panel_at(client, "hazards", heard.last_id)
    assert reported.text["en"].headline in panel


def panel_at(client: httpx.Client, name: str, position: str, **more: str) -> str:
    answers: list[httpx.Response] = []

    def is_complete() -> bool:
        answers.append(client.get(f"/board/{name}", params={"at": position, **more}))
        return "x-late" not in answers[-1].headers

    assert wait_until(is_complete, timeout=60)
    return answers[-1].text


@pytest.mark.parametrize("position", ["not-a-position", vectors.encoded({("hazards", 0): 0}, ["hazards"])])
async def test_a_position_too_far_back_or_unknown_resets_the_listener(served: Served, position: str) -> None:
    """The stream keeps fifty records in memory. After fifty-one further records, a position is too far back."""
    sight = sight_of_hazards()
    stream, reported = EventStream(served.installation.settings(ConsoleSettings), Places.load(), kept=50), hazard()
    async with stored(served) as sessions, asyncio.TaskGroup() as group:
        reading = group.create_task(stream.run(sessions))
        await wait_for(lambda: stream.is_reading, timeout=60)
        async with stream.listen(sight, None) as listener:
            served.publish(*[reported] * 51)
            await told(listener, 51)
        async with stream.listen(sight, start_of(asking(position), vectors.decoded)) as back:
            await told(back, 1, b"event: reset")
        reading.cancel()


@pytest.mark.parametrize(("start", "begins"), [(None, b"id: "), ({}, b"event: reset")], ids=["new", "too far back"])
async def test_a_listener_before_the_first_read_waits_for_it(
    served: Served, start: Vector | None, begins: bytes
) -> None:
    """A listener that does not wait would not learn that its position is too old.

    The listener would then get all stored records as new records.
    """
    old, new = hazard(), hazard()
    served.publish(*[old] * 51)
    stream = EventStream(served.installation.settings(ConsoleSettings), Places.load(), kept=50, patience=30)
    async with stored(served) as sessions, asyncio.TaskGroup() as group:
        reading = group.create_task(stream.run(sessions))
        async with stream.listen(sight_of_hazards(), start) as listener:
            served.publish(new)
            heard = b"".join([chunk async for chunk in until(listener, str(new.hazard_id).encode())])
        reading.cancel()
    assert begins in heard
    assert str(old.hazard_id).encode() not in heard


async def test_the_end_offsets_do_not_wait_long_for_a_fetch_of_an_idle_reader(served: Served) -> None:
    """The broker answers a connection's requests in order.

    A fetch of an idle reader would delay the next answer by a second.
    """
    settings = served.installation.settings(ConsoleSettings)
    waited = asyncio.get_running_loop().create_future()

    async def read(consumer: AIOKafkaConsumer, _backoff: Backoff) -> None:
        _, ends = await kafka.assign_all(consumer, settings, ["access"])
        for partition, end in ends.items():
            consumer.seek(partition, end)
        await consumer.getmany(timeout_ms=100)  # from here, the broker holds a fetch until records come
        began = time.monotonic()
        assert await is_at_end(consumer, list(ends))
        waited.set_result(time.monotonic() - began)

    async with lifecycle.beside(kafka.follow(settings, read)):
        assert await waited < 5  # one second is usual; a busy machine needs more


async def test_while_nothing_can_be_read_a_listener_is_asked_to_retry_later(served: Served) -> None:
    settings = served.installation.settings(ConsoleSettings)
    revocations = Revocations(settings)
    listening = Listening(EventStream(settings, Places.load(), patience=0), revocations)
    app = apps.create_app(
        "console",
        settings,
        lifespan=unused,
        revocations=revocations,
        ready=unused,
        routes=[Route("/stream", listening, methods=["GET"])],
    )
    bearer = {"authorization": f"Bearer {served.installation.token(roles=[Role.INTEGRATION])}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.public_url) as client:
        answer = await client.get("/stream", params={"topics": "hazards"}, headers=bearer)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@asynccontextmanager
async def stored(served: Served) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    async with database.opened(served.installation.settings(ConsoleSettings)) as engine:
        yield database.sessions(engine)


def unused(*_: object) -> Any:
    raise AssertionError("nobody asks for it")


def sight_of_hazards() -> StreamVisibility:
    return visibility.visibility_of(
        Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=("KG",)), ["hazards"]
    )


async def until(listener: Listener, last: bytes) -> AsyncIterator[bytes]:
    async with asyncio.timeout(60):
        async for chunk in listener.chunks():
            yield chunk
            if last in chunk:
                return


async def told(listener: Listener, count: int, event: bytes = b"event: hazards") -> None:
    chunks, count_so_far = listener.chunks(), 0
    async with asyncio.timeout(60):
        while count_so_far < count:
            count_so_far += (await anext(chunks)).count(event)


def asking(position: str) -> Request:
    headers = [(b"last-event-id", position.encode())]
    return Request({"type": "http", "headers": headers, "query_string": b""})


def test_a_record_outside_the_contract_is_skipped(served: Served) -> None:
    """The stream reads each record's place. The stream must continue after a record without a valid place."""
    good = message(household(destination=KADAMJAI))
    placeless = {name: value for name, value in json.loads(good.value).items() if name != "destination"}
    strange = [
        good._replace(value=None),  # type: ignore[arg-type]  # a Kafka record may have no value
        good._replace(value=b"[]"),
        good._replace(value=json.dumps(placeless).encode()),
        message(alert())._replace(topic="households", key=good.key),
        good._replace(headers=tuple(each for each in good.headers if each[0] != "ce_type")),
    ]
    with listening(served.signed_in(Role.OPERATOR, areas=(BATKEN,)), "households") as heard:
        served.publish(*strange, good)
        ((_, event),) = heard.take(1)
    assert event["data"] == json.loads(good.value)


def test_a_record_written_with_a_broker_login_alone_reaches_nobody(served: Served) -> None:
    forged, good = message(household(destination=KADAMJAI)), message(household(destination=KADAMJAI))
    with listening(served.signed_in(Role.OPERATOR), "households") as heard:
        in_thread(forge(served.installation, "registry", forged._replace(key=good.key)))
        served.publish(good)
        ((_, event),) = heard.take(1)
    assert event["data"] == json.loads(good.value)


def test_a_listener_that_does_not_read_is_dropped_and_delays_nobody(served: Served) -> None:
    large = hazard(text={"en": {"headline": "x" * 150, "description": "y" * 4000}})
    asleep = served.signed_in(Role.OPERATOR)
    with (
        asleep.stream("GET", "/stream?topics=hazards", timeout=60) as answer,
        listening(served.signed_in(Role.OPERATOR)) as heard,
    ):
        served.publish(*[large] * 3000)
        heard.take(3000)
        assert sum(len(chunk) for chunk in answer.iter_bytes()) < 3000 * 4000
