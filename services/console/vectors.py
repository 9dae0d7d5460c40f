"""A reader's position on its topics: an offset per partition, encoded as an opaque string."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping

from shared.messaging.records import Partition

Vector = Mapping[Partition, int]


class BadVector(ValueError):
    """The text is not a position that this installation issued."""


def encoded(vector: Vector, topics: Iterable[str]) -> str:
    """Encodes the positions on these topics."""
    nexts: dict[str, list[int]] = {topic: [] for topic in sorted(topics)}
    for (topic, partition), offset in sorted(vector.items()):
        if topic in nexts:
            nexts[topic].extend([0] * (partition - len(nexts[topic])))
            nexts[topic].append(offset)
    return urlsafe_b64encode(json.dumps(nexts, separators=(",", ":")).encode()).rstrip(b"=").decode()


def decoded(text: str) -> dict[Partition, int]:
    try:
        nexts = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return {(str(topic), number): int(next) for topic, held in nexts.items() for number, next in enumerate(held)}
    except (ValueError, OverflowError, AttributeError, TypeError, RecursionError):
        raise BadVector from None


def reached(here: Vector, wanted: Vector) -> bool:
    return all(here.get(topic_partition, 0) >= offset for topic_partition, offset in wanted.items())
