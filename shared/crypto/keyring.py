"""Keys in a folder, several at once: `<key id>.key`. The newest is used for what is new, the others for what there is."""

import os
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared import log
from shared.crypto.seal import write_whole
from shared.failures import DependencyUnavailable

KEY_BYTES, NONCE_BYTES, ID_BYTES = 32, 12, 17
KEY_ID = r"[0-9a-f]{8}-[0-9a-f]{8}"
FRESH_SECONDS = 60  # after a rotation the new key is used this soon

Keys = Mapping[str, bytes]  # by key id; ids begin with the second they were drawn at, so the greatest is the newest


class NoKey(Exception):
    """There is no key in this folder. `make run` and `docker compose up` draw it at each start, `dayar provision secrets` elsewhere."""

    def __str__(self) -> str:
        return f"{self.__doc__} ({self.args[0]})"


class UnknownKey(DependencyUnavailable):
    """The key that this was made with is not here (yet): what needs it waits."""


class Keyring:
    """Raises NoKey where the folder holds none. A key that comes later is found without a new start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = known(folder)
        self._read_at = time.monotonic()
        if not self._keys:
            raise NoKey(folder)
        self._newest = max(self._keys)

    @property
    def newest(self) -> tuple[str, bytes]:
        """Key id and key."""
        if time.monotonic() - self._read_at >= FRESH_SECONDS:
            self._refresh()
        return self._newest, self._keys[self._newest]

    @property
    def keys(self) -> Keys:
        """All that are known, the oldest first."""
        return self._keys

    def find(self, key_id: str) -> bytes:
        """Raises UnknownKey."""
        key = self._keys.get(key_id)
        if key is None:
            self._refresh()
            key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey
        return key

    def _refresh(self) -> None:
        self._read_at = time.monotonic()
        try:
            keys = known(self._folder)
        except OSError as error:
            log.get().error("keys cannot be read: the known ones are used", **log.described(error))
            return
        if keys:
            self._keys, self._newest = keys, max(keys)


class Sealing:
    """Seals small texts at rest with the newest key of a ring: key id, nonce and AES-GCM's output in one."""

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder)

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        key_id, key = self._ring.newest
        nonce = os.urandom(NONCE_BYTES)
        return key_id.encode() + nonce + AESGCM(key).encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Raises UnknownKey, and InvalidTag for what was sealed to something else."""
        key = self._ring.find(sealed[:ID_BYTES].decode("latin-1"))
        nonce, data = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
        return AESGCM(key).decrypt(nonce, data, aad)

    @property
    def newest_id(self) -> bytes:
        """What everything begins with that the newest key sealed."""
        return self._ring.newest[0].encode()

    def resealed(self, sealed: bytes, aad: bytes) -> bytes | None:
        """Under the newest key; None where it is, and where no key here opens it: that is for a person to mend."""
        if not self.is_old(sealed):
            return None
        try:
            return self.seal(self.open(sealed, aad), aad)
        except (InvalidTag, UnknownKey) as error:
            log.get().warning("not brought under the newest key", **log.described(error))
            return None

    def is_old(self, sealed: bytes) -> bool:
        """Whether another key than the newest sealed it."""
        return sealed[:ID_BYTES] != self.newest_id


def known(folder: Path) -> dict[str, bytes]:
    """All keys in a folder; none where it is not there."""
    return {file.stem: file.read_bytes() for file in sorted(folder.glob("*.key"))}


def generate(keys: Keys) -> tuple[str, bytes]:
    """A new key, with an id greater than all that are known."""
    seconds = next(second for second in count(int(time.time())) if not keys or f"{second:08x}" > max(keys)[:8])
    return f"{seconds:08x}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES)


def drawn_at(key_id: str) -> datetime:
    """Ids begin with the second they were drawn at."""
    return datetime.fromtimestamp(int(key_id[:8], 16), UTC)


def write(folder: Path, key_id: str, key: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f"{key_id}.key", key)


def draw_first(folder: Path) -> None:
    """The first key, where there is none."""
    if not known(folder):
        draw(folder)


def draw(folder: Path) -> str:
    """Another key in the folder; returns its id."""
    key_id, key = generate(known(folder))
    write(folder, key_id, key)
    return key_id


__all__ = [
    "KEY_ID",
    "Keyring",
    "Keys",
    "NoKey",
    "Sealing",
    "UnknownKey",
    "draw",
    "draw_first",
    "drawn_at",
    "generate",
    "known",
    "write",
]
