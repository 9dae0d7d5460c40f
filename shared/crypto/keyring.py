"""Keys in a folder, named `<key id>.key`. The newest key encrypts new data; older keys decrypt older data."""

import hmac
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared import log
from shared.crypto.aead import KEY_BYTES, Aead
from shared.crypto.seal import write_whole
from shared.errors import DocumentedError
from shared.failures import DependencyUnavailable

ID_BYTES = 17
KEY_ID = r"[0-9a-f]{8}-[0-9a-f]{8}"
FRESH_SECONDS = 60  # every process uses a new key at most this many seconds after a rotation

# Maps ids to keys. An id begins with the time of the key, so the newest key has the greatest id.
Keys = Mapping[str, bytes]


class NoKey(DocumentedError):
    """This folder has no key. `make run` and `docker compose up` generate one; elsewhere: `dayar provision secrets`."""


class UnknownKey(DependencyUnavailable):
    """The key is not in the folder, or not yet. The record or request waits for the key."""


class Keyring:
    """Also finds keys that are added to the folder later. Raises NoKey if the folder has no key."""

    def __init__(self, folder: Path, *, reread_seconds: float = 0) -> None:
        """Unknown ids make the keyring read the folder, at most once in `reread_seconds`."""
        self._folder, self._reread_seconds = folder, reread_seconds
        self._keys = known(folder)
        self._read_at = time.monotonic()
        if not self._keys:
            raise NoKey(folder)
        self._newest = max(self._keys)

    @property
    def newest(self) -> tuple[str, bytes]:
        if time.monotonic() - self._read_at >= FRESH_SECONDS:
            self._refresh()
        return self._newest, self._keys[self._newest]

    @property
    def keys(self) -> Keys:
        """Oldest first."""
        return self._keys

    def find(self, key_id: str) -> bytes:
        """Raises UnknownKey."""
        key = self._keys.get(key_id)
        if key is None and time.monotonic() - self._read_at >= self._reread_seconds:
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
    """Encrypts small texts for the database with the newest key.

    A sealed text consists of the key id, the nonce and the output of AES-GCM.
    """

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder)

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        key_id, key = self._ring.newest
        return key_id.encode() + Aead(key).seal(plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """Raises UnknownKey if the key is missing, InvalidTag if the text was altered or sealed with another AAD."""
        key = self._ring.find(sealed[:ID_BYTES].decode("latin-1"))
        return Aead(key).open(sealed[ID_BYTES:], aad)

    def digests(self, plain: bytes, info: bytes) -> list[bytes]:
        """Return an HMAC of the text for each known key, newest first.

        HMACs with different `info` cannot be compared.
        """
        newest, _ = self._ring.newest  # read `newest` first, which may load new keys
        keys = [self._ring.keys[key_id] for key_id in sorted({newest, *self._ring.keys}, reverse=True)]
        return [hmac.digest(derived(key, info), plain, "sha256") for key in keys]

    @property
    def newest_id(self) -> bytes:
        """Each text that was encrypted with the newest key begins with this id."""
        return self._ring.newest[0].encode()

    def resealed(self, sealed: bytes, aad: bytes) -> bytes | None:
        """Return the text encrypted with the newest key.

        Return None if the text is already encrypted with the newest key. Log a failed decryption, and return None.
        """
        if not self.is_old(sealed):
            return None
        try:
            return self.seal(self.open(sealed, aad), aad)
        except (InvalidTag, UnknownKey) as error:
            log.get().warning("not sealed again under the newest key", **log.described(error))
            return None

    def is_old(self, sealed: bytes) -> bool:
        return sealed[:ID_BYTES] != self.newest_id


def derived(key: bytes, info: bytes) -> bytes:
    """`info` names the use of the derived key."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(key)


def known(folder: Path) -> dict[str, bytes]:
    """Return the keys in the folder. A missing folder counts as empty."""
    return {file.stem: file.read_bytes() for file in sorted(folder.glob("*.key"))}


def generate(keys: Keys) -> tuple[str, bytes]:
    """Return a new key, with an id that is greater than all known ids."""
    seconds = next(second for second in count(int(time.time())) if not keys or f"{second:08x}" > max(keys)[:8])
    return f"{seconds:08x}-{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES)


def drawn_at(key_id: str) -> datetime:
    return datetime.fromtimestamp(int(key_id[:8], 16), UTC)


def write(folder: Path, key_id: str, key: bytes) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f"{key_id}.key", key)


def draw_first(folder: Path) -> None:
    if not known(folder):
        draw(folder)


def draw(folder: Path) -> str:
    """Return the id of the new key."""
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
