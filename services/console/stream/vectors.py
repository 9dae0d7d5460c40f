"""A reader's position: an offset for each partition of the topics, encoded as an opaque string."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag

from shared.crypto.keyring import Sealing, UnknownKey
from shared.messaging.records import Partition

Vector = Mapping[Partition, int]

# padding to a multiple of this size in bytes: the length of an encrypted position must not reveal an offset
BLOCK = 256
AAD = b"stream position"


class BadVector(ValueError):
    """The text is not a position that this installation issued."""


def encoded(vector: Vector, topics: Iterable[str]) -> str:
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


class SealedVectors:
    """Encrypts positions for other systems. An offset would reveal how many records a topic has."""

    def __init__(self, keys: Path) -> None:
        self._sealing = Sealing(keys)

    def encoded(self, vector: Vector, topics: Iterable[str]) -> str:
        text = encoded(vector, topics).encode()
        padded = text + b" " * (-len(text) % BLOCK)
        return urlsafe_b64encode(self._sealing.seal(padded, AAD)).rstrip(b"=").decode()

    def decoded(self, text: str) -> dict[Partition, int]:
        """Raises BadVector if the text is not a position, or if the key of the position was retired."""
        try:
            sealed = urlsafe_b64decode(text + "=" * (-len(text) % 4))
            opened = self._sealing.open(sealed, AAD)
        except (ValueError, InvalidTag, UnknownKey):
            raise BadVector from None
        return decoded(opened.decode().rstrip())


def reached(here: Vector, wanted: Vector) -> bool:
    return all(here.get(topic_partition, 0) >= offset for topic_partition, offset in wanted.items())
