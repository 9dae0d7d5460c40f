"""The key pairs to which phones seal their reports.

Only intake has the private keys. Older keys stay usable, because phones may still have reports that are sealed to an
older key.
"""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared.crypto.keyring import Keyring, UnknownKey
from shared.crypto.seal import SealMismatch, encode

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)  # P-256, because the browsers of older phones lack X25519
INFO = b"dayar/phone/v1\0"
DERIVED = b"dayar/phone-key/p256"
DERIVED_BYTES = 48  # 128 bits more than ORDER needs; otherwise, the remainder would be biased (FIPS 186-5, A.2.1)
# The order of the curve P-256.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEYS = 64
# An unknown key makes intake read the folder, at most once in this time. A sender can name any number of unknown keys.
REREAD_SECONDS = 1


class PublicKey(NamedTuple):
    """The key's id, and the key's uncompressed point as unpadded base64url. The id begins with the time of creation."""

    kid: str
    public: str


class PhoneKeys:
    """Uses keys that are added to the folder later, without a restart."""

    def __init__(self, folder: Path) -> None:
        self._ring = Keyring(folder, reread_seconds=REREAD_SECONDS)
        # for each key, the time when this process last opened a report with the key
        self.used: dict[str, datetime] = {}

    @property
    def newest(self) -> PublicKey:
        key_id, seed = self._ring.newest
        point = private_key(seed).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return PublicKey(key_id, encode(point))

    @property
    def newest_id(self) -> str:
        return self._ring.newest[0]

    def open(self, sealed: bytes, *, kid: str, report_id: str, account: str = "") -> bytes:
        """Raises UnknownKey, SealMismatch."""
        key = private_key(self._ring.find(kid))
        try:
            report = SUITE.decrypt(sealed, key, info=info(kid, report_id, account))
        except InvalidTag:
            raise SealMismatch from None
        self.used[kid] = datetime.now(UTC)
        return report


@lru_cache(KEYS)
def private_key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    number = int.from_bytes(HKDF(SHA256(), DERIVED_BYTES, salt=None, info=DERIVED).derive(seed))
    return ec.derive_private_key(number % (ORDER - 1) + 1, ec.SECP256R1())


def info(kid: str, report_id: str, account: str = "") -> bytes:
    """HPKE's `info`: the ids of the key, the report and the author. `account` is empty if nobody was signed in."""
    return INFO + "\0".join(filter(None, (kid, report_id, account))).encode()


__all__ = ["PhoneKeys", "PublicKey", "UnknownKey", "info", "private_key"]
