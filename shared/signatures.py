"""Record signatures: an HMAC-SHA256 by a key per topic, so that a leaked broker login alone forges nothing.

Signed are topic, key, value and all headers. The signature is the last header, `signature: <key id>:<base64url>`.
"""

import hmac
import re
import secrets
import struct
import time
from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from pathlib import Path

from shared import log
from shared.config import Settings
from shared.events import Message
from shared.events.envelope import SIGNATURE, Header
from shared.events.topics import signed_by
from shared.faults import PartAtFault, SetAside
from shared.readings import Record
from shared.seal import encode, write_whole

KEY_BYTES = 32
FRESH_SECONDS = 60  # after a rotation the new key signs this soon
SIGNATURE_TEXT = re.compile(rb"([0-9a-f]{8}-[0-9a-f]{8}):([A-Za-z0-9_-]{43})")

Keys = Mapping[str, bytes]  # by key id; the greatest id is the newest key


class NoRecordKey(Exception):
    """There is no key to sign this topic's records with. Draw it: `make run` and `docker compose up` do so at each start, `dayar provision secrets` elsewhere."""

    def __str__(self) -> str:
        return f"{self.__doc__} ({self.args[0]})"


class UnknownRecordKey(PartAtFault):
    """The record was signed with a key that has not reached this service yet: the record waits for it."""


class RecordSigner:
    """Signs what one service writes, with the newest key of each topic. Raises NoRecordKey where one is missing."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.record_keys)
        self._topics = signed_by(settings.service)
        self._newest = self._read()
        self._read_at = time.monotonic()

    def sign(self, message: Message) -> Message:
        key_id, key = self._newest[message.topic]
        content = signed_content(message.topic, message.key, message.value, message.headers)
        digest = hmac.digest(key, content, "sha256")
        signature = f"{key_id}:{encode(digest)}".encode()
        return Message(message.topic, message.key, message.value, (*message.headers, (SIGNATURE, signature)))

    def refresh(self) -> None:
        """Takes over a key that was drawn meanwhile; keeps the known ones when the folder cannot be read."""
        if time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        self._read_at = time.monotonic()
        try:
            self._newest = self._read()
        except (OSError, NoRecordKey) as error:
            log.get().error("record keys cannot be read: the known ones are used", **log.described(error))

    def _read(self) -> dict[str, tuple[str, bytes]]:
        return {topic: newest(self._folder / topic) for topic in self._topics}


class RecordVerifier:
    """Tells the records that our services wrote from all others."""

    def __init__(self, settings: Settings) -> None:
        self._folder = Path(settings.record_keys)
        self._keys: dict[str, Keys] = {}

    def verify(self, record: Record) -> None:
        """Raises SetAside("signature_mismatch"), or UnknownRecordKey while the key is not here."""
        name, signature = record.headers[-1] if record.headers else ("", b"")
        found = SIGNATURE_TEXT.fullmatch(signature)
        if name != SIGNATURE or found is None:
            raise SetAside("signature_mismatch")
        key = self._key(record.topic, found[1].decode())
        content = signed_content(record.topic, record.key, record.value, record.headers[:-1])
        if not hmac.compare_digest(encode(hmac.digest(key, content, "sha256")).encode(), found[2]):
            raise SetAside("signature_mismatch")

    def _key(self, topic: str, key_id: str) -> bytes:
        key = self._keys.get(topic, {}).get(key_id)
        if key is None:
            self._keys[topic] = keys(self._folder / topic)
            key = self._keys[topic].get(key_id)
        if key is None:
            raise UnknownRecordKey
        return key


def signed_content(topic: str, key: bytes, value: bytes, headers: tuple[Header, ...]) -> bytes:
    """One sequence of bytes for one record: each part has its length before it. Null reads as empty."""
    names = tuple([name for name, _ in headers])
    return b"".join((_names(topic, names), *_framed(key, value or b"", *[value or b"" for _, value in headers])))


def _framed(*parts: bytes) -> tuple[bytes, ...]:
    return struct.pack(f"<{len(parts)}I", *map(len, parts)), *parts


@lru_cache(64)  # each topic has a few sets of header names
def _names(topic: str, names: tuple[str, ...]) -> bytes:
    texts = [topic.encode(), *(name.encode() for name in names)]
    return struct.pack("<I", len(texts)) + b"".join(_framed(*texts))


def newest(folder: Path) -> tuple[str, bytes]:
    """The key id and the key that signs now. Raises NoRecordKey."""
    known = keys(folder)
    if not known:
        raise NoRecordKey(folder)
    key_id = max(known)
    return key_id, known[key_id]


def keys(folder: Path) -> dict[str, bytes]:
    """All keys of a topic; none where the folder is not there."""
    return {file.stem: file.read_bytes() for file in folder.glob("*.key")}


def generate(known: Keys) -> tuple[str, bytes]:
    """A new key with an id greater than all that are known. Ids begin with the second they were drawn at."""
    seconds = next(second for second in count(int(time.time())) if not known or f"{second:08x}" > max(known)[:8])
    return f"{seconds:08x}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES)


def write(folder: Path, key_id: str, key: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f"{key_id}.key", key)


__all__ = [
    "NoRecordKey", "RecordSigner", "RecordVerifier", "UnknownRecordKey", "generate", "keys", "newest",
    "signed_content", "write",
]  # fmt: skip
