"""Prometheus metrics of a worker, without personal data: lag, batch sizes, outcomes and dead letters."""

from collections import Counter as Count
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.events.vocabulary import OutcomeKind
from shared.messaging.records import Outcome, Partition, Reading

REGISTRY = CollectorRegistry()
PLACE = ["consumer", "topic", "partition"]

lag_records = Gauge("dayar_lag_records", "Records on the log that are not yet settled.", PLACE, registry=REGISTRY)
lag_seconds = Gauge(
    "dayar_lag_seconds", "Age of the last settled record while others wait, else 0.", PLACE, registry=REGISTRY
)
batch_records = Histogram(
    "dayar_batch_records",
    "Records settled in one transaction.",
    ["consumer"],
    registry=REGISTRY,
    buckets=(1, 5, 20, 100, 500, 1000, 2000),
)
outcomes_total = Counter("dayar_outcomes", "Records by outcome.", ["consumer", "topic", "kind"], registry=REGISTRY)
dead_letters = Counter("dayar_dead_letters", "Records set aside.", ["consumer", "topic", "reason"], registry=REGISTRY)


def note(consumer: str, readings: Sequence[Reading], outcomes: Sequence[Outcome]) -> None:
    batch_records.labels(consumer).observe(len(readings))
    counts = Count((reading.record.topic, outcome) for reading, outcome in zip(readings, outcomes, strict=True))
    for (topic, outcome), count in counts.items():
        outcomes_total.labels(consumer, topic, outcome.kind).inc(count)
        if outcome.kind is OutcomeKind.SET_ASIDE:
            dead_letters.labels(consumer, topic, outcome.reason).inc(count)


def note_lag(consumer: str, topic_partition: Partition, records: int, seconds: float) -> None:
    lag_records.labels(consumer, *topic_partition).set(records)
    lag_seconds.labels(consumer, *topic_partition).set(seconds if records else 0)
