"""Corrects and flags reports with a time ahead of our clock. The correction is the offset of the author's clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from services.intake.structs import DisplacementStruct
from shared.country import TIME_ZONE
from shared.events import HazardReport
from shared.events.fields import utc
from shared.events.vocabulary import Certainty, Precision, Urgency

AHEAD = timedelta(minutes=15)
# Phones send `Dayar-Clock`, because a script in a browser cannot set the header `Date`.
PHONE_CLOCK, DATE = b"dayar-clock", b"date"
LONGEST_HEADER = 64
FURTHEST = timedelta(days=36_500)  # with a larger offset, a corrected time could be outside the valid years
FORECASTS = (Urgency.EXPECTED, Urgency.FUTURE)
# The tolerance for a reported date in the future, by the precision of the date.
SPAN = {
    Precision.HOUR: timedelta(),
    Precision.DAY: timedelta(),
    Precision.WEEK: timedelta(days=7),
    Precision.MONTH: timedelta(days=31),
    Precision.SEASON: timedelta(days=92),
    Precision.YEAR: timedelta(days=366),
}


@dataclass(frozen=True, slots=True)
class Clocks:
    """`authors` is the time by the author's clock, or None if the request does not state this time."""

    now: datetime
    authors: datetime | None = None

    @property
    def latest(self) -> datetime:
        return self.now + AHEAD

    def offset(self, reported_at: datetime) -> timedelta:
        """Without a stated time, `reported_at` counts as the time by the author's clock."""
        ahead = (self.authors or reported_at) - self.now
        return ahead if AHEAD < ahead < FURTHEST else timedelta()


def authors_clock(headers: Iterable[tuple[bytes, bytes]]) -> datetime | None:
    """None if the time is missing or invalid."""
    given = {name: value for name, value in headers if name in (PHONE_CLOCK, DATE) and len(value) <= LONGEST_HEADER}
    try:
        if PHONE_CLOCK in given:
            clock = datetime.fromisoformat(given[PHONE_CLOCK].decode("ascii"))
        elif DATE in given:
            clock = parsedate_to_datetime(given[DATE].decode("ascii"))
        else:
            return None
        return utc(clock.astimezone(UTC)) if clock.tzinfo else None
    except (ValueError, OverflowError):
        return None


def correction(report: DisplacementStruct | HazardReport, clocks: Clocks) -> dict[str, Any] | None:
    """Return the corrected times by field, or None if no time in the report is ahead of our clock."""
    latest = clocks.latest
    # First a fast check: almost no report has a time ahead of our clock.
    if all(moment <= latest for moment in _moments(report)):
        return None
    offset = clocks.offset(report.reported_at)
    times: dict[str, Any] = {}
    if report.reported_at > latest:
        times["reported_at"] = report.reported_at - offset
    if isinstance(report, HazardReport):
        times.update(_hazard_times(report, offset, latest))
    else:
        times.update(_displacement_times(report, offset, clocks))
    return times or None


def is_ahead(report: DisplacementStruct, clocks: Clocks) -> bool:
    return _is_day_ahead(report, clocks.latest)


def is_forecast(report: HazardReport) -> bool:
    return report.urgency in FORECASTS and report.certainty is not Certainty.OBSERVED


def _moments(report: DisplacementStruct | HazardReport) -> tuple[datetime, ...]:
    if isinstance(report, HazardReport):
        return report.onset, report.reported_at
    counted_at = _counted_at(report)
    return (report.occurred_at, report.reported_at, *((counted_at,) if counted_at else ()))


def _counted_at(report: DisplacementStruct) -> datetime | None:
    """Return the stated time of the count, or None if the report has no such time."""
    counted_at: datetime | None = getattr(report, "counted_at", None)
    return counted_at


def _displacement_times(report: DisplacementStruct, offset: timedelta, clocks: Clocks) -> dict[str, datetime]:
    times = _count_times(report, offset, clocks)
    if _is_day_ahead(report, clocks.latest):
        times["occurred_at"] = report.occurred_at - _days(offset, clocks.now)
    return times


def _count_times(report: DisplacementStruct, offset: timedelta, clocks: Clocks) -> dict[str, datetime]:
    """If the hour of a count is unknown, compare only days: forms send noon as the hour."""
    counted_at = _counted_at(report)
    if counted_at is None or counted_at <= clocks.latest:
        return {}
    if getattr(report, "counted_at_precision", Precision.HOUR) is Precision.HOUR:
        return {"counted_at": counted_at - offset}
    is_ahead_of_today = _day(counted_at) > _day(clocks.latest)
    return {"counted_at": counted_at - _days(offset, clocks.now)} if is_ahead_of_today else {}


def _hazard_times(report: HazardReport, offset: timedelta, latest: datetime) -> dict[str, datetime]:
    if report.onset <= latest or is_forecast(report):
        return {}
    times = {"onset": report.onset - offset}
    return {**times, "expires": report.expires - offset} if report.expires else times


def _is_day_ahead(report: DisplacementStruct, latest: datetime) -> bool:
    """Compare days without hours, because phones send noon for each day."""
    if report.occurred_at <= latest:
        return False
    return _day(report.occurred_at) - SPAN[report.occurred_at_precision] > _day(latest)


def _days(offset: timedelta, now: datetime) -> timedelta:
    """Correct a date by whole days. The time of day stays as reported."""
    return _day(now + offset) - _day(now)


def _day(moment: datetime) -> date:
    return moment.astimezone(TIME_ZONE).date()
