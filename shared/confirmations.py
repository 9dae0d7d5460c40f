"""Decides whether it is too long ago that somebody confirmed the whereabouts of displaced people. No I/O.

The passage of time alone does not end a displacement. After the periods of this module, people stay in the stock, and
are marked "not confirmed since".
"""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.events.vocabulary import Mobility

CONFIRMED_FOR = {Mobility.EVACUATION: timedelta(hours=24)}
CONFIRMED_FOR_OTHERWISE = timedelta(days=30)


class ConfirmationState(StrEnum):
    """Whether a report of the last 24 hours (evacuation) or 30 days confirms where the people are."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


def confirmed_from(mobility: Mobility, now: datetime) -> datetime:
    """The earliest time of a confirmation that is still valid at the time `now`."""
    return now - CONFIRMED_FOR.get(mobility, CONFIRMED_FOR_OTHERWISE)


def unconfirmed_since(confirmed_at: datetime, mobility: Mobility, now: datetime) -> datetime | None:
    """The time of the last confirmation, if this confirmation is no longer valid. None if it is still valid."""
    return confirmed_at if confirmed_at < confirmed_from(mobility, now) else None
