"""Windows of dates. People who left a district within one window are counted together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from services.alerts.projections import Flight
from shared.events.vocabulary import Status


@dataclass(frozen=True, slots=True)
class Window:
    """A range of dates. The range of dates includes the first and the last date."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def dates(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


class AlertedWindow(NamedTuple):
    status: Status
    area: str
    window: Window

    def counts(self, flight: Flight) -> bool:
        status, area, day = flight
        return (status, area) == (self.status, self.area) and day in self.window


def free_windows(day: date, days: int, taken: Iterable[Window]) -> list[Window]:
    """The windows contain no date of an existing alert's window."""
    before = max((window.last for window in taken if window.last < day), default=date.min)
    after = min((window.first for window in taken if window.first > day), default=date.max)
    starts = [day - timedelta(days=back) for back in reversed(range(days))]
    return [
        Window(max(start, before + timedelta(days=1)), min(start + timedelta(days=days - 1), after - timedelta(days=1)))
        for start in starts
    ]
