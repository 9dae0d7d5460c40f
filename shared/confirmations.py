"""Decides whether the last report about the place of displaced people is too old.

Time alone never ends a displacement. Without a new confirmation in time, the people stay in the stock, marked "not
confirmed since".
"""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.events.vocabulary import Mobility

CONFIRMED_FOR = {Mobility.EVACUATION: timedelta(hours=24)}
CONFIRMED_FOR_OTHERWISE = timedelta(days=30)


class ConfirmationState(StrEnum):
    """CONFIRMED means that a recent report says where the people are.

    A report is recent for 24 hours after an evacuation, and for 30 days after any other displacement.
    """

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"


def confirmed_from(mobility: Mobility, now: datetime) -> datetime:
    """Return the earliest time of a confirmation that is still valid at `now`."""
    return now - CONFIRMED_FOR.get(mobility, CONFIRMED_FOR_OTHERWISE)


def unconfirmed_since(confirmed_at: datetime, mobility: Mobility, now: datetime) -> datetime | None:
    """Return the time of the last confirmation if the confirmation is too old, else None."""
    return confirmed_at if confirmed_at < confirmed_from(mobility, now) else None
