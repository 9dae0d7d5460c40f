"""Sets in which hours of the week a receiver gets alerts of Moderate severity or below. Hours are local."""

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from shared.country import TIME_ZONE
from shared.errors import DocumentedError

DAY = timedelta(days=1)
MOST = 21


class Weekday(StrEnum):
    """The order of days is that of `datetime.weekday()`."""

    MON = "Mon"
    TUE = "Tue"
    WED = "Wed"
    THU = "Thu"
    FRI = "Fri"
    SAT = "Sat"
    SUN = "Sun"


DAYS = tuple(Weekday)
CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
WRITTEN = re.compile(rf"({'|'.join(DAYS)}) {CLOCK}-(?:{CLOCK}|(24:00))")


class InvalidHours(DocumentedError):
    """A window of hours is written as weekday, begin and end, for example "Mon 08:00-17:30" or "Fri 20:00-06:00"."""


class OpenHours(NamedTuple):
    """Weekday 0 is Monday. If `end` is not later than `begin`, the window ends on the next day."""

    weekday: int
    begin: time
    lasts: timedelta

    def covers(self, local: datetime) -> bool:
        days_since = (local.weekday() - self.weekday) % len(DAYS)
        begun = (local - days_since * DAY).replace(
            hour=self.begin.hour, minute=self.begin.minute, second=0, microsecond=0
        )
        return begun <= local < begun + self.lasts


@lru_cache(maxsize=1024)
def parsed(written: str) -> OpenHours:
    """Raises InvalidHours."""
    match = WRITTEN.fullmatch(written)
    if match is None:
        raise InvalidHours(written)
    day, hour, minute, end_hour, end_minute, midnight = match.groups()
    begin = timedelta(hours=int(hour), minutes=int(minute))
    end = DAY if midnight else timedelta(hours=int(end_hour), minutes=int(end_minute))
    lasts = end - begin if end > begin else end - begin + DAY
    return OpenHours(DAYS.index(Weekday(day)), time(int(hour), int(minute)), lasts)


def are_open(hours: Sequence[str], at: datetime) -> bool:
    """If `hours` is empty, returns True."""
    return not hours or any(_is_open(written, at.astimezone(TIME_ZONE)) for written in hours)


def _is_open(written: str, local: datetime) -> bool:
    """A stored window that this release cannot read counts as open, so that the receiver still gets alerts."""
    try:
        return parsed(written).covers(local)
    except InvalidHours:
        return True
