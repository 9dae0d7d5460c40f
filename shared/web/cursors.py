"""Cursors for pagination. A cursor names the last row of a page: by its time and id, or by its name.

Cursors are encoded, so that clients do not interpret them. A cursor with a name contains a digest of the query and the
name. The digest lets the service refuse a cursor from another query, and a cursor that was cut.
"""

import base64
import hashlib
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from shared.events.fields import Instant
from shared.web.problems import Problem

DIGEST_BYTES = 6
_place: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[Instant, UUID])


def encoded(at: datetime, id: UUID) -> str:
    return base64.urlsafe_b64encode(_place.dump_json((at, id))).decode()


def decoded(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        return _place.validate_json(_bytes(cursor))
    except ValueError:
        raise wrong() from None


def encoded_name(name: str, query: str) -> str:
    return base64.urlsafe_b64encode(_digest(name, query) + name.encode()).decode()


def decoded_name(cursor: str | None, query: str) -> str | None:
    if cursor is None:
        return None
    try:
        content = _bytes(cursor)
        digest, name = content[:DIGEST_BYTES], content[DIGEST_BYTES:].decode()
    except ValueError:
        raise wrong() from None
    if digest != _digest(name, query):
        raise wrong()
    return name


def _bytes(cursor: str) -> bytes:
    return base64.b64decode(cursor, altchars=b"-_", validate=True)


def _digest(name: str, query: str) -> bytes:
    return hashlib.blake2s(f"{query}\n{name}".encode(), digest_size=DIGEST_BYTES).digest()


def wrong() -> Problem:
    return Problem(
        422,
        "invalid",
        "Check the listed fields.",
        errors=[{"pointer": "/cursor", "expected": "the `next` of an earlier page"}],
    )
