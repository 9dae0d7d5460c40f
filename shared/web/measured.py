"""Measures metrics in PostgreSQL and Kafka when Prometheus asks a web app. Workers have no port for Prometheus."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from shared.config import Settings
from shared.failures import is_dependency_unavailable
from shared.messaging import ledger
from shared.messaging.ledger import Row
from shared.version import VERSION

KEPT_SECONDS = 5.0  # within this time, every reader gets the same measurement
POSTGRESQL_SECONDS = 4.0

Measure = Callable[[AsyncSession], Awaitable[Iterable[Metric]]]


class Measured(Collector):
    """The measured metrics, which are missing in `/metrics` while PostgreSQL is unavailable."""

    def __init__(
        self,
        service: str,
        settings: Settings,
        sessions: async_sessionmaker[AsyncSession],
        measures: Sequence[Measure] = (),
    ) -> None:
        self._service, self._settings, self._sessions, self._measures = service, settings, sessions, measures
        self._metrics: list[Metric] = []
        self._measured_at = -KEPT_SECONDS
        self._one_at_a_time = asyncio.Lock()

    def collect(self) -> Iterable[Metric]:
        yield gauge("dayar_build_info", "The release.", {"service": self._service, "version": VERSION})
        yield from self._metrics

    async def refresh(self) -> None:
        async with self._one_at_a_time:
            if time.monotonic() - self._measured_at >= KEPT_SECONDS:
                self._metrics = await self._measure()
                self._measured_at = time.monotonic()

    async def _measure(self) -> list[Metric]:
        labels = {"service": self._service}
        up = "Whether the server answers the service."
        try:
            async with asyncio.timeout(POSTGRESQL_SECONDS), self._sessions.begin() as session:
                version = str(await session.scalar(select(func.current_setting("server_version"))))
                rows = await ledger.balance(session)
                letters = Counter[str]()
                for row in await ledger.dead_letters_by_reason(session):
                    letters[row["topic"]] += row["letters"]
                own = [metric for measure in self._measures for metric in await measure(session)]
        except Exception as error:
            if not is_dependency_unavailable(error):
                raise
            return [gauge("dayar_postgresql_up", up, labels, 0)]
        rows = await ledger.with_ends(rows, self._service, ledger.consumed(self._service), self._settings)
        is_kafka_up = any(row.end is not None for row in rows)
        return [
            gauge("dayar_postgresql_up", up, labels),
            gauge("dayar_kafka_up", up, labels, is_kafka_up),
            gauge("dayar_server_info", "A server's version.", {"server": "postgresql", "version": version}),
            *_of_ledger(self._service, rows, letters),
            *own,
        ]


def gauge(name: str, text: str, labels: dict[str, str] | None = None, value: float = 1) -> Metric:
    return gauges(name, text, [(labels or {}, value)])


def gauges(name: str, text: str, samples: Iterable[tuple[dict[str, str], float]]) -> Metric:
    """Makes a gauge. All samples of the gauge must have labels with the same names."""
    known = list(samples)
    names = list(known[0][0]) if known else []
    family = GaugeMetricFamily(name, text, labels=names)
    for labels, value in known:
        family.add_metric([labels[label] for label in names], value)
    return family


def timestamp(moment: datetime | None) -> float:
    """Returns seconds since 1970, or 0 for None, as usual in Prometheus."""
    return 0 if moment is None else moment.timestamp()


def _of_ledger(service: str, rows: Sequence[Row], letters: Counter[str]) -> list[Metric]:
    by_topic: dict[str, list[Row]] = {topic: [] for topic in ledger.consumed(service)}
    for row in rows:
        by_topic.setdefault(row.topic, []).append(row)
    now = datetime.now(UTC)

    def of(name: str, text: str, value: Callable[[list[Row]], float]) -> Metric:
        return gauges(
            name, text, (({"consumer": service, "topic": topic}, value(of)) for topic, of in by_topic.items())
        )

    def unread_seconds(rows: list[Row]) -> float:
        oldest = ledger.oldest_unread(rows)
        return 0 if oldest is None else max(0.0, (now - oldest).total_seconds())

    return [
        of(
            "dayar_unread_records",
            "Records that wait for the consumer.",
            lambda rows: sum(max(r.on_its_way or 0, 0) for r in rows),
        ),
        of("dayar_unread_seconds", "Age of the oldest record that waits for the consumer.", unread_seconds),
        of(
            "dayar_stopped_partitions",
            "Partitions at which the consumer stopped.",
            lambda rows: sum(bool(r.stopped) for r in rows),
        ),
        of(
            "dayar_unaccounted_records",
            "Difference between the offsets and the outcomes.",
            lambda rows: sum(map(difference, rows)),
        ),
        gauges(
            "dayar_waiting_dead_letters",
            "Dead letters that nobody has redriven.",
            (({"consumer": service, "topic": topic}, letters[topic]) for topic in {**by_topic, **letters}),
        ),
    ]


def difference(row: Row) -> int:
    return abs(row.next - row.first - sum(row.kinds.values()))
