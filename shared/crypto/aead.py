"""AES-256-GCM with random nonces. Only this module uses AES-GCM directly."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.crypto.randomness import take

KEY_BYTES, NONCE_BYTES = 32, 12


class Aead:
    """`decrypt` and `open` raise InvalidTag if the text was altered or the AAD differs."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def encrypt(self, plain: bytes, aad: bytes) -> tuple[bytes, bytes]:
        """Returns the nonce and the ciphertext."""
        nonce = take(NONCE_BYTES)
        return nonce, self._cipher.encrypt(nonce, plain, aad)

    def decrypt(self, nonce: bytes, data: bytes, aad: bytes) -> bytes:
        return self._cipher.decrypt(nonce, data, aad)

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Returns the nonce followed by the ciphertext."""
        nonce = take(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, aad)

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        return self.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
