"""Decides whether the last confirmation of the whereabouts of displaced people is too old.

Time alone does not end a displacement. After the time limit for a new confirmation, the people stay in the stock, and
are marked "not confirmed since".
"""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.events.vocabulary import Mobility

CONFIRMED_FOR = {Mobility.EVACUATION: timedelta(hours=24)}
CONFIRMED_FOR_OTHERWISE = timedelta(days=30)


class ConfirmationState(StrEnum):
    """True if a recent report confirms where the people are.

    After an evacuation, a report is recent for 24 hours; after any other displacement, for 30 days.
    """

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


def confirmed_from(mobility: Mobility, now: datetime) -> datetime:
    """The earliest confirmation that is still valid at the time `now`."""
    return now - CONFIRMED_FOR.get(mobility, CONFIRMED_FOR_OTHERWISE)


def unconfirmed_since(confirmed_at: datetime, mobility: Mobility, now: datetime) -> datetime | None:
    """Returns None if the last confirmation is still valid."""
    return confirmed_at if confirmed_at < confirmed_from(mobility, now) else None
