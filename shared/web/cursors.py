"""Cursors for pagination.

A cursor is the time and id of a page's last row, or its name, encoded so that clients do not interpret it.
"""

import base64
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from shared.events.fields import Instant
from shared.web.problems import Problem

_place: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[Instant, UUID])


def encoded(at: datetime, id: UUID) -> str:
    return base64.urlsafe_b64encode(_place.dump_json((at, id))).decode()


def decoded(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        return _place.validate_json(base64.urlsafe_b64decode(cursor))
    except ValueError:
        raise wrong() from None


def encoded_name(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def decoded_name(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except ValueError:
        raise wrong() from None


def wrong() -> Problem:
    return Problem(
        422,
        "invalid",
        "Check the listed fields.",
        errors=[{"pointer": "/cursor", "expected": "the `next` of an earlier page"}],
    )
