"""Signs and verifies records by HMAC-SHA256.

An attacker who has only a broker login cannot forge records. Each topic has its own key. The last header is `signature:
<key id>:<base64url>`. The signature covers the topic, the key, the value and all headers before `signature`.
"""

import hmac
import re
import struct
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from shared import log
from shared.config import Settings
from shared.crypto.keyring import KEY_ID, Keyring, NoKey, UnknownKey
from shared.crypto.seal import encode
from shared.events import Message
from shared.events.envelope import SIGNATURE, Header
from shared.events.topics import signed_by
from shared.failures import SetAside
from shared.messaging.records import Record

SIGNATURE_TEXT = re.compile(f"({KEY_ID}):([A-Za-z0-9_-]{{43}})".encode())


UNKNOWN_KEY = "signature_unknown_key"
# From the start of a wait, a topic has no new wait for six times the length of a wait. An attacker who sends many
# unknown key ids therefore delays the topic for at most a sixth of the time.
WAITS_APART = 6


class Wait(NamedTuple):
    """`began_at` is in seconds of the monotonic clock."""

    key_id: str
    began_at: float


class RecordSigner:
    """Uses the newest key of each topic. Raises NoKey if a key is missing."""

    def __init__(self, settings: Settings) -> None:
        folder = Path(settings.record_keys)
        self._keys = {topic: Keyring(folder / topic) for topic in signed_by(settings.service)}

    def sign(self, message: Message) -> Message:
        key_id, key = self._keys[message.topic].newest
        signature = f"{key_id}:{mac(key, message.topic, message.key, message.value, message.headers)}".encode()
        return Message(message.topic, message.key, message.value, (*message.headers, (SIGNATURE, signature)))


class RecordVerifier:
    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.record_keys)
        self._keys: dict[str, Keyring] = {}
        self._wait_seconds = settings.signature_key_wait_seconds
        self._waits: dict[str, Wait] = {}

    def verify(self, record: Record) -> None:
        """Raises SetAside("signature_mismatch") if the signature is wrong.

        If the key is unknown, raises UnknownKey, so that the record waits. After the wait, raises
        SetAside("signature_unknown_key").
        """
        name, signature = record.headers[-1] if record.headers else ("", b"")
        match = SIGNATURE_TEXT.fullmatch(signature)
        if name != SIGNATURE or match is None:
            raise SetAside("signature_mismatch")
        key = self._find(record.topic, match[1].decode())
        expected = mac(key, record.topic, record.key, record.value, record.headers[:-1])
        if not hmac.compare_digest(expected.encode(), match[2]):
            raise SetAside("signature_mismatch")

    def _find(self, topic: str, key_id: str) -> bytes:
        try:
            key = self._ring(topic).find(key_id)
        except UnknownKey:
            if self._is_over(topic, key_id):
                raise SetAside(UNKNOWN_KEY) from None
            raise
        if topic in self._waits and self._waits[topic].key_id == key_id:
            del self._waits[topic]
        return key

    def _is_over(self, topic: str, key_id: str) -> bool:
        """Return True if the wait for an unknown key is over.

        All unknown keys of a topic share one wait, because an attacker can send many key ids.
        """
        now, wait = time.monotonic(), self._waits.get(topic)
        if wait is None or now - wait.began_at >= WAITS_APART * self._wait_seconds:
            wait = self._waits[topic] = Wait(key_id, now)
            log.get().error("waiting for signature key", topic=topic, key_id=key_id, seconds=self._wait_seconds)
        return now - wait.began_at >= self._wait_seconds

    def _ring(self, topic: str) -> Keyring:
        ring = self._keys.get(topic)
        if ring is None:
            try:
                ring = self._keys[topic] = Keyring(self._folder / topic)
            except NoKey:
                raise UnknownKey from None
        return ring


def mac(key: bytes, topic: str, record_key: bytes, value: bytes, headers: tuple[Header, ...]) -> str:
    keyed = _keyed(key).copy()
    keyed.update(signed_content(topic, record_key, value, headers))
    return encode(keyed.finalize())


def signed_content(topic: str, key: bytes, value: bytes, headers: tuple[Header, ...]) -> bytes:
    """Return the bytes to sign.

    Each part follows its length, so that different records give different bytes. Only a null value counts as an empty
    value.
    """
    names = tuple([name for name, _ in headers])
    parts = [key, value or b"", *[value or b"" for _, value in headers]]
    return b"".join([_names(topic, names), _lengths(len(parts)).pack(*map(len, parts)), *parts])


def _framed(*parts: bytes) -> tuple[bytes, ...]:
    return _lengths(len(parts)).pack(*map(len, parts)), *parts


@lru_cache(64)
def _lengths(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}I")


@lru_cache(64)  # copying an HMAC costs half as much as creating one
def _keyed(key: bytes) -> HMAC:
    return HMAC(key, SHA256())


@lru_cache(64)  # the records of a topic have few different lists of header names
def _names(topic: str, names: tuple[str, ...]) -> bytes:
    texts = [topic.encode(), *(name.encode() for name in names)]
    return struct.pack("<I", len(texts)) + b"".join(_framed(*texts))


__all__ = ["UNKNOWN_KEY", "RecordSigner", "RecordVerifier", "signed_content"]
