"""Cursors for pagination.

A cursor is the time and id of a page's last row, encoded so that clients do not interpret it.
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
        raise Problem(
            422,
            "invalid",
            "Check the listed fields.",
            errors=[{"pointer": "/cursor", "expected": "the `next` of an earlier page"}],
        ) from None
