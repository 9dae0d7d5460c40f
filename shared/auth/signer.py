"""Signs access tokens with the console's private key, an Ed25519 key."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from shared.auth.tokens import AUDIENCE, ISSUER, SECOND_STEP, SECOND_STEP_S, Principal, Unauthenticated
from shared.crypto.seal import key_id, write_whole


class Signer:
    def __init__(self, private_key_file: Path) -> None:
        self._file = private_key_file
        self._read()

    def _read(self) -> None:
        key = load_pem_private_key(self._file.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError("an Ed25519 private key is expected")
        self._key, self._written_at = key, self._file.stat().st_mtime_ns
        self._kid = key_id(key.public_key().public_bytes_raw())

    @property
    def kid(self) -> str:
        return self._kid

    def sign(self, principal: Principal) -> str:
        """Reads the key file again if a rotation has replaced the file since the last call."""
        with suppress(OSError):  # if the file is unreadable, sign with the key in memory
            if self._file.stat().st_mtime_ns != self._written_at:
                self._read()
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(principal.account),
            "jti": str(principal.jti),
            "iat": principal.issued_at,
            "exp": principal.expires_at,
            "name": principal.name,
            "org": principal.organisation,
            "team": str(principal.team) if principal.team else None,
            "roles": sorted(principal.roles),
            "areas": list(principal.areas),
            "sources": sorted(principal.sources),
            "channel": principal.channel,
            "purpose": principal.purpose,
            "device": str(principal.device) if principal.device else None,
            "auth_time": principal.signed_in_at,
        }
        return jwt.encode(
            {name: value for name, value in claims.items() if value not in (None, [], "")},
            self._key,
            algorithm="EdDSA",
            headers={"kid": self._kid},
        )

    def ticket(self, account: UUID, state: str) -> str:
        """Issue a ticket, which proves for five minutes that the account's password was correct."""
        claims = {"aud": SECOND_STEP, "sub": str(account), "state": state, "exp": int(time.time()) + SECOND_STEP_S}
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    def read_ticket(self, ticket: str) -> tuple[UUID, str]:
        """Raises Unauthenticated if the ticket is not valid."""
        key, needed = self._key.public_key(), ["exp", "aud", "sub", "state"]
        try:
            claims = jwt.decode(ticket, key, algorithms=["EdDSA"], audience=SECOND_STEP, options={"require": needed})
            return UUID(claims["sub"]), str(claims["state"])
        except (jwt.InvalidTokenError, ValueError):
            raise Unauthenticated from None


def generate(folder: Path) -> str:
    """Generate `folder/private.pem` and `folder/public/<kid>.pem`. Return the key id."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    kid = key_id(public.public_bytes_raw())
    (folder / "public").mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / "public" / f"{kid}.pem", public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    # Write the private key last: the first token must not be signed before all services can read the public key.
    write_whole(folder / "private.pem", private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return kid


def signing_key_id(folder: Path) -> str:
    return Signer(folder / "private.pem").kid
