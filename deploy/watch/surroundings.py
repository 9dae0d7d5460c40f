"""Gives the checks their sources: the services over HTTP, files, and the clock.

All sources work without Kafka and PostgreSQL.
"""

import asyncio
import http.client
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from deploy.watch.settings import WatchSettings

MOST_BYTES = 4 << 20
# If Kafka hangs, a service waits for Kafka first, so its metrics take about ten seconds.
MOST_SECONDS = {"/live": 8.0, "/ready": 8.0, "/metrics": 15.0}
# An answer of a service is used by all checks for this number of seconds. To measure its metrics, a service reads
# PostgreSQL and Kafka, so metrics are asked less often.
FRESH_SECONDS = {"/live": 5.0, "/ready": 5.0, "/metrics": 25.0}


class NotMeasured(Exception):
    """A service did not give the facts that the check needs. `reason` names this service."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 if the service did not answer."""

    status: int
    body: bytes
    at: datetime

    @property
    def is_there(self) -> bool:
        return self.status != 0

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError:
            return {}


@dataclass(frozen=True, slots=True)
class Sample:
    labels: Mapping[str, str]
    value: float


@dataclass
class Surroundings:
    settings: WatchSettings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    worker_starts: dict[str, set[datetime]] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _requests: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    @property
    def now(self) -> datetime:
        return self.clock()

    async def answer(self, service: str, path: str) -> Answer:
        """The answer is at most FRESH_SECONDS old. If several checks ask at once, one request answers all of them."""
        url = self.settings.services[service] + path
        async with self._requests[url]:
            known = self._answers.get(url)
            if known is None or (self.now - known.at).total_seconds() > FRESH_SECONDS[path]:
                host = urlsplit(self.settings.public_url).hostname or ""
                status, body = await asyncio.to_thread(get, url, host, MOST_SECONDS[path])
                known = self._answers[url] = Answer(status, body, self.now)
            return known

    async def metrics(self, service: str) -> dict[str, list[Sample]]:
        """Raises NotMeasured if the service or its PostgreSQL does not answer."""
        answer = await self.answer(service, "/metrics")
        families = parsed(answer.body) if answer.status == HTTPStatus.OK else {}
        if not any(sample.value for sample in families.get("dayar_postgresql_up", ())):
            raise NotMeasured(service)
        return families

    async def all_metrics(self) -> list[dict[str, list[Sample]]]:
        """Raises NotMeasured if a service or its PostgreSQL does not answer."""
        return await asyncio.gather(*(self.metrics(service) for service in self.settings.services))


def parsed(body: bytes) -> dict[str, list[Sample]]:
    return {
        family.name: [Sample(sample.labels, sample.value) for sample in family.samples]
        for family in text_string_to_metric_families(body.decode())
    }


def get(url: str, host: str, seconds: float) -> tuple[int, bytes]:
    """Returns status and body. The status is 0 if the service did not answer.

    `host` is the public host name, because the app refuses other host names.
    """
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port or 80, timeout=seconds)
    try:
        connection.request("GET", address.path, headers={"host": host})
        answer = connection.getresponse()
        return answer.status, answer.read(MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
