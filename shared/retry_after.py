"""Reads the header `Retry-After` (RFC 9110). A busy server uses `Retry-After` to tell clients how long to wait."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from shared.outbound import Response

BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
LONGEST_SECONDS = 3600.0
LONGEST_DATE = 40
SECONDS = re.compile(r"\d{1,6}", re.ASCII)


def pause(response: Response, now: datetime) -> float | None:
    """Return the seconds to wait, at most an hour.

    None if the server is not busy, or if the header is missing or unreadable.
    """
    stated = response.headers.get("retry-after", "").strip()
    if response.status not in BUSY:
        return None
    seconds = float(stated) if SECONDS.fullmatch(stated) else seconds_until(stated, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_SECONDS)


def seconds_until(stated: str, now: datetime) -> float | None:
    """Return the seconds until an HTTP date, or None if the text is no HTTP date."""
    if len(stated) > LONGEST_DATE:
        return None
    try:
        date = parsedate_to_datetime(stated)
    except ValueError:
        return None
    return (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
