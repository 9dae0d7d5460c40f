"""An installation that keeps every answer, and the search for personal data in its answers, topics and files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text

from shared.config import Settings
from shared.events import TOPICS, Message
from shared.postgres import database
from tests.clients import PLAIN
from tests.installation import Installation
from tests.journeys.canaries import BYPASSING_INTAKE, THROUGH_INTAKE, files, looked_for, seen, ways
from tests.journeys.count import Sent, everything
from tests.otlp import Collector
from tests.publishing import publishing

LEAKY = "displacements"  # the data of `BYPASSING_INTAKE` is written directly to this topic
# The text of a field that is not encrypted. The database may contain the refused text, but no error may quote it.
REFUSED = "a linnet over the scree"


@dataclass
class Journey:
    installation: Installation
    base_url: str
    collector: Collector
    content: list[tuple[str, bytes]] = field(default_factory=list)
    sent: Sent = field(default_factory=Sent)

    async def ask(self, method: str, path: str, *, token: str | None = None, **body: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx.AsyncClient(
            base_url=self.base_url, headers=headers, timeout=30, verify=PLAIN, trust_env=False
        ) as client:
            response = await client.request(method, path, **body)
        where = f"{method} {path.partition('?')[0]} {response.status_code}"
        self.content.append((where, response.content + repr(response.headers).encode()))
        assert response.status_code < 500, (where, response.text)
        return response

    async def open(self, method: str, path: str, token: str, **body: Any) -> httpx.Response:
        """Requests content that shows the person to the reader. The headers of the answer must not show the person."""
        response = await self.ask(method, path, token=token, **body)
        where, _ = self.content.pop()
        self.content.append((where, repr(response.headers).encode()))
        assert response.status_code == 200, (where, response.text)
        return response

    async def report(self, body: Any, token: str) -> httpx.Response:
        return self.sent.answered(LEAKY, await self.ask("POST", "/intake/v1/displacements", token=token, json=body))

    async def publish(self, *messages: Message) -> None:
        async with publishing(self.installation.settings(Settings, "intake")) as publisher:
            await publisher.publish_all(messages, timeout=30)

    async def listen(self, token: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        url = "/stream?topics=hazards,households,groups,alerts,outcomes"
        async with (
            httpx.AsyncClient(base_url=self.base_url, headers=headers, timeout=None, trust_env=False) as client,
            client.stream("GET", url) as response,
        ):
            async for line in response.aiter_lines():
                self.content.append(("SSE", line.encode()))


async def findings(journey: Journey) -> AsyncIterator[str]:
    """Yields each file or answer with a forbidden text. Also checks that the search finds texts that must be there."""
    both, first, past = (
        looked_for(canaries) for canaries in ([THROUGH_INTAKE, BYPASSING_INTAKE], [THROUGH_INTAKE], [BYPASSING_INTAKE])
    )
    for topic in TOPICS.values():
        readers = topic.consumers or topic.web_readers
        for name, reader in [(topic.name, readers[0]), *((topic.dead(one), one) for one in topic.consumers)]:
            content = b"\n".join(map(whole, await everything(journey.installation, name, reader)))
            for finding in seen(f"topic {name}", content, first if name == LEAKY else both):
                yield finding
            if name == LEAKY:
                assert set(seen(name, content, past)), "a canary that bypassed intake is not found on its topic"
    needles = both | dict.fromkeys(ways(REFUSED), REFUSED)
    for where, content in journey.content:
        for finding in seen(where, content, needles):
            yield finding
    await written_to_disk(journey)
    state = journey.installation.components.started[0].folders.state
    looked_at, found_past = set(), False
    for file in files([journey.installation.folder, state]):
        is_leaky, content = f".{LEAKY}-" in str(file.parent), file.read_bytes()
        looked_at.add(file)
        found_past |= is_leaky and any(seen(str(file), content, past))
        for finding in seen(str(file), content, first if is_leaky else needles if file.parent.name == "logs" else both):
            yield finding
    assert found_past, "a canary that bypassed intake is not found in the files of Kafka"
    assert {process.log for process in journey.installation.processes} <= looked_at
    assert {
        state / "logs" / f"{component.name}.log" for component in journey.installation.components.started
    } <= looked_at


def whole(record: Any) -> bytes:
    headers = b"".join(header.encode() + value for header, value in record.headers)
    return (record.key or b"") + b" " + (record.value or b"") + headers


async def written_to_disk(journey: Journey) -> None:
    engine = database.engine(journey.installation.settings(Settings, "registry"))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM households")) >= 1
    await engine.dispose()
    journey.installation.redis().save()
    journey.installation.components.postgres.stop()  # a clean stop writes every page of the tables to disk
