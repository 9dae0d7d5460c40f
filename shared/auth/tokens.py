"""Access tokens. The console signs the tokens, and every service verifies them with public keys."""

import time
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from starlette.requests import HTTPConnection

from shared.country import COUNTRY
from shared.events.vocabulary import SubmissionChannel
from shared.places import Places

ISSUER = AUDIENCE = "dayar"
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]
SECURE_COOKIE, PLAIN_COOKIE = "__Host-session", "session"
CACHED_TOKENS = 10_000
KEYS_SECONDS = 60  # seconds after which the folder of public keys is read again
# an unknown key id makes the service read the folder again, at most once in this number of seconds
UNKNOWN_KEY_SECONDS = 1
SECOND_STEP, SECOND_STEP_S = "dayar second step", 300


class Role(StrEnum):
    FIELD = "field"
    OPERATOR = "operator"
    DUTY_HEAD = "duty_head"
    REGISTRAR = "registrar"
    ANALYST = "analyst"
    INTEGRATION = "integration"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    VIEWER = "viewer"


class Unauthenticated(Exception):
    """The token is missing, unknown, altered, expired or revoked."""


class RevocationsUnknown(Exception):
    """The token is valid, but the service does not know yet whether the token was revoked."""


@dataclass(frozen=True)
class Principal:
    """`areas` are P-codes; `KG` is the whole country."""

    account: UUID
    jti: UUID
    issued_at: int
    expires_at: int
    name: str = ""
    organisation: str | None = None
    team: UUID | None = None
    roles: frozenset[Role] = frozenset()
    areas: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()
    channel: SubmissionChannel = SubmissionChannel.API
    purpose: str | None = None
    device: UUID | None = None
    signed_in_at: int | None = None
    is_expired: bool = False
    is_unchecked: bool = False  # true if the revocations were unknown at the check
    is_cookie: bool = False

    @cached_property
    def author(self) -> str:
        return str(self.account)

    @cached_property
    def covers_country(self) -> bool:
        return COUNTRY in self.areas

    @property
    def own_areas(self) -> tuple[str, ...] | None:
        """Sorted; None if the caller may see the whole country."""
        return None if self.covers_country else tuple(sorted(self.areas))

    def covers(self, pcode: str | None, places: Places) -> bool:
        """True if the place is one of the caller's areas, or lies in one of them."""
        return self.covers_country or places.covers(self.areas, pcode)


class Ancestry(Protocol):
    def ancestors(self, pcode: str) -> tuple[str, ...]: ...


class Revoked(Protocol):
    @property
    def is_known(self) -> bool: ...

    @property
    def known_since(self) -> datetime | None: ...

    def is_revoked(self, principal: Principal) -> bool: ...

    def is_readmitted(self, principal: Principal) -> bool: ...


class Authenticator:
    """Caches verified tokens by their SHA-256. Checks expiry and revocation on every request."""

    def __init__(self, public_keys: Path, revoked: Revoked) -> None:
        self._folder = public_keys
        self._keys = _public_keys(public_keys)
        self._read_at = time.monotonic()
        self._revoked = revoked
        self._known: OrderedDict[bytes, Principal] = OrderedDict()

    @property
    def revocations_since(self) -> datetime | None:
        return self._revoked.known_since

    def authenticate(
        self,
        connection: HTTPConnection,
        *,
        cookie: str = SECURE_COOKIE,
        takes_expired: bool = False,
        takes_readmitted: bool = False,
        takes_unchecked: bool = False,
    ) -> Principal:
        """Return the request's principal.

        Raises Unauthenticated.

        Raises RevocationsUnknown if the revocations are unknown and `takes_unchecked` is false.

        Only field devices may use an expired token, in two cases. With `takes_readmitted`, the expired token of a
        readmitted team counts as valid. With `takes_expired`, an expired token is accepted, and the principal has
        `is_expired`.
        """
        token, is_cookie = token_of(connection, cookie)
        principal = self.verify(token)
        if principal.expires_at <= time.time():
            is_readmitted = takes_readmitted and self._revoked.is_readmitted(principal)
            if principal.channel is not SubmissionChannel.FIELD or not (takes_expired or is_readmitted):
                raise Unauthenticated
            principal = replace(principal, is_expired=not is_readmitted)
        if self._revoked.is_revoked(principal):
            raise Unauthenticated
        if not self._revoked.is_known:
            if not takes_unchecked:
                raise RevocationsUnknown
            principal = replace(principal, is_unchecked=True)
        return replace(principal, is_cookie=True) if is_cookie else principal

    def verify(self, token: str) -> Principal:
        """Accepts expired and revoked tokens. Raises Unauthenticated."""
        if time.monotonic() - self._read_at > KEYS_SECONDS:
            self._read_keys()
        name = sha256(token.encode()).digest()
        principal = self._known.get(name)
        if principal is None:
            principal = self._known[name] = self._decode(token)
            if len(self._known) > CACHED_TOKENS:
                self._known.popitem(last=False)
        return principal

    def _read_keys(self) -> None:
        self._read_at, keys = time.monotonic(), _public_keys(self._folder)
        if keys.keys() != self._keys.keys():
            self._keys = keys
            self._known.clear()

    def _key(self, kid: str) -> Ed25519PublicKey:
        if kid not in self._keys and time.monotonic() - self._read_at > UNKNOWN_KEY_SECONDS:
            self._read_keys()
        return self._keys[kid]

    def _decode(self, token: str) -> Principal:
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid", ""))
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                issuer=ISSUER,
                options={"require": REQUIRED, "verify_exp": False},
            )
            return _principal(claims)
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError):
            raise Unauthenticated from None


def cookie_name(public_url: str) -> str:
    """Return the name of the session cookie.

    On https, the prefix `__Host-` prevents subdomains from setting the cookie.
    """
    return SECURE_COOKIE if public_url.startswith("https:") else PLAIN_COOKIE


def token_of(connection: HTTPConnection, cookie: str) -> tuple[str, bool]:
    """Return the token, and whether it came in a cookie. Tokens in query parameters are ignored."""
    # Read the raw headers, because a lookup in starlette's `Headers` is slow.
    for name, value in connection.scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if token and scheme.lower() == "bearer":
                return token.strip(), False
            break
    if kept := connection.cookies.get(cookie):
        return kept, True
    raise Unauthenticated


def current(connection: HTTPConnection) -> Principal:
    """The principal of the request, for `Depends(tokens.current)`."""
    principal: Principal = connection.scope["principal"]
    return principal


def _public_keys(folder: Path) -> dict[str, Ed25519PublicKey]:
    return {file.stem: _public_key(file) for file in folder.glob("*.pem")}


def _public_key(file: Path) -> Ed25519PublicKey:
    key = load_pem_public_key(file.read_bytes())
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("an Ed25519 public key is expected")
    return key


def _principal(claims: dict[str, Any]) -> Principal:
    return Principal(
        account=UUID(claims["sub"]),
        jti=UUID(claims["jti"]),
        issued_at=int(claims["iat"]),
        expires_at=int(claims["exp"]),
        name=claims.get("name", ""),
        organisation=claims.get("org"),
        team=UUID(claims["team"]) if claims.get("team") else None,
        roles=frozenset(Role(role) for role in claims.get("roles", ())),
        areas=tuple(claims.get("areas", ())),
        sources=frozenset(claims.get("sources", ())),
        channel=SubmissionChannel(claims.get("channel", SubmissionChannel.API)),
        purpose=claims.get("purpose"),
        device=UUID(claims["device"]) if claims.get("device") else None,
        signed_in_at=claims.get("auth_time"),
    )


def seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
