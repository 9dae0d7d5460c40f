"""Intake encrypts a report to the registry's public key. Only the registry's worker can decrypt the report."""

import os
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
import pybase64
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from shared import log
from shared.crypto.aead import KEY_BYTES, Aead
from shared.events import SealedBox

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
INFO = b"dayar/dek/v1\0"
KEY_SECONDS = 600
KEY_REPORTS = 2**20
OPENED_KEYS = 4096
URL_SAFE = b"-_"
_encode = msgspec.json.Encoder().encode
SEALED_MEMBER = b',"sealed":'
GROUP_READS = 0o2050  # mode bits of a shared folder (set-group-id, r-x): its group may read the files


class SealMismatch(Exception):
    """The box does not belong to this report: it was altered, or was copied from another report."""


class UnknownKeyId(Exception):
    """The private key of this box is missing.

    The record waits for the missing key, because the record is not at fault.
    """


@dataclass(slots=True)
class DataKey:
    """The key that encrypts the data. Each box contains the data key, encrypted to the public key `kid`."""

    kid: str
    cipher: Aead
    wrapped: str
    born: float
    uses: int = 0

    @property
    def is_worn(self) -> bool:
        return self.uses >= KEY_REPORTS or time.monotonic() - self.born >= KEY_SECONDS


class Sealer:
    """Encrypts reports with a data key, which is replaced after 10 minutes or 2^20 reports.

    Each new data key is encrypted to the public key in the file, so a new public key needs no restart.
    """

    def __init__(self, public_key_file: Path) -> None:
        self._file = public_key_file
        self._public = public_key_file.read_bytes()
        self._key = draw(self._public)

    @property
    def kid(self) -> str:
        """The id of the public key. Reading `kid` replaces an old data key, so read `kid` before each `seal`."""
        if self._key.is_worn:
            self._key = self._renewed()
        return self._key.kid

    def seal(self, plain: bytes, aad: bytes) -> SealedBox:
        return SealedBox.model_validate_json(self.seal_json(plain, aad))

    def seal_json(self, plain: bytes, aad: bytes) -> bytes:
        """Return the box as JSON (fast path)."""
        key = self._key
        key.uses += 1
        nonce, data = key.cipher.encrypt(plain, aad)
        return box_json(key.kid, key.wrapped, encode(nonce), encode(data))

    def _renewed(self) -> DataKey:
        try:
            newest = self._file.read_bytes()
            key, self._public = draw(newest), newest
        except (OSError, ValueError) as error:
            log.get().error("public key file not readable: the known key is used", **log.described(error))
            return draw(self._public)
        return key


def draw(public: bytes) -> DataKey:
    """Raises ValueError if `public` is not a public key."""
    kid, key = key_id(public), os.urandom(KEY_BYTES)
    wrapped = SUITE.encrypt(key, X25519PublicKey.from_public_bytes(public), info=INFO + kid.encode())
    return DataKey(kid, Aead(key), encode(wrapped), time.monotonic())


class Opener:
    """Decrypts boxes. Also finds private keys that are added after the start. Caches decrypted data keys."""

    def __init__(self, private_keys: Path) -> None:
        self._folder = private_keys
        self._private = self._read()
        self._ciphers: OrderedDict[tuple[str, str], Aead] = OrderedDict()

    def open(self, box: SealedBox, aad: bytes) -> bytes:
        try:
            return self._cipher(box).decrypt(decode(box.nonce), decode(box.data), aad)
        except (InvalidTag, ValueError):
            raise SealMismatch from None

    def _cipher(self, box: SealedBox) -> Aead:
        name = (box.kid, box.key)
        cipher = self._ciphers.get(name)
        if cipher is None:
            if box.kid not in self._private:
                self._private = self._read()
            private = self._private.get(box.kid)
            if private is None:
                raise UnknownKeyId(box.kid)
            cipher = Aead(SUITE.decrypt(decode(box.key), private, info=INFO + box.kid.encode()))
            self._ciphers[name] = cipher
            if len(self._ciphers) > OPENED_KEYS:
                self._ciphers.popitem(last=False)
        return cipher

    def _read(self) -> dict[str, X25519PrivateKey]:
        keys = [X25519PrivateKey.from_private_bytes(file.read_bytes()) for file in self._folder.glob("*.key")]
        return {key_id(key.public_key().public_bytes_raw()): key for key in keys}


def report_aad(*, kid: str, event_type: str, event_id: UUID | str, clear: bytes) -> bytes:
    """Return the additional authenticated data. `clear` is the record's value without the box."""
    return b'["dayar/report/v2","%b","%b","%b",%b]' % (
        kid.encode(),
        event_type.encode(),
        str(event_id).encode(),
        clear,
    )


def with_box(clear: bytes, box: bytes) -> bytes:
    """Appends the box to the JSON object `clear` as its last member."""
    return b"%b%b%b}" % (clear[:-1], SEALED_MEMBER, box)


def without_box(value: bytes, box: SealedBox) -> bytes:
    """Raises SealMismatch if the last member is not `box`."""
    clear, _, last = value.rpartition(SEALED_MEMBER)
    if last != box_json(box.kid, box.key, box.nonce, box.data) + b"}":
        raise SealMismatch
    return b"%b}" % clear


class BoxData(msgspec.Struct, gc=False):
    """The JSON of `shared.events.SealedBox`."""

    v: int
    kid: str
    key: str
    nonce: str
    data: str


def box_json(kid: str, key: str, nonce: str, data: str) -> bytes:
    return _encode(BoxData(1, kid, key, nonce, data))


def generate(folder: Path) -> str:
    """Generate `folder/public.key` and `folder/private/<key id>.key`. Return the key id."""
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    kid = key_id(public)
    (folder / "private").mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / "private" / f"{kid}.key", private.private_bytes_raw())
    # Write the public key last. Nothing must be encrypted before the private key exists.
    write_whole(folder / "public.key", public)
    return kid


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read. In a shared folder, the folder's group can read the file as well."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(file, flags, 0o600), "wb") as stream:
        if file.parent.stat().st_mode & GROUP_READS == GROUP_READS:
            os.fchmod(stream.fileno(), 0o640)
        stream.write(content)


def write_whole(file: Path, content: bytes) -> None:
    """Replace the file. After a power cut, the file has either the old or the new content."""
    unfinished = file.with_name(f".{file.name}.unfinished")
    write_private(unfinished, content)
    sync(unfinished)
    unfinished.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Sync a file or folder. A new or renamed file survives a power cut only if its folder is synced as well."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def key_id(public: bytes) -> str:
    return sha256(public).hexdigest()[:16]


def encode(raw: bytes) -> str:
    return pybase64.b64encode_as_string(raw, URL_SAFE).rstrip("=")


def decode(text: str) -> bytes:
    """Without padding. Raises ValueError."""
    return pybase64.b64decode(text + "=" * (-len(text) % 4), URL_SAFE, validate=True)


__all__ = [
    "Opener",
    "SealMismatch",
    "Sealer",
    "UnknownKeyId",
    "generate",
    "report_aad",
    "sync",
    "with_box",
    "without_box",
    "write_private",
    "write_whole",
]
