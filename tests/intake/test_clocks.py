"""A time ahead of the centre's clock is flagged, and the report is accepted.

The sender's clock corrects this time.
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import TypeAdapter

from services.intake import drafts, reports
from services.intake.clocks import Clocks, authors_clock, correction
from shared.auth.tokens import Principal, Role
from shared.config import Settings
from shared.events import DisplacementReport, HazardReport, message
from shared.events.vocabulary import Flag
from shared.messaging.records import Received, Record, open_plain
from shared.places import Places
from tests.intake.conftest import DISPLACEMENTS, HAZARDS, Caller, RunningIntake
from tests.intake.factories import group, hazard, household
from tests.intake.records import records

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)  # 12:00 UTC is 18:00 in Bishkek
OPERATOR = uuid4()
HOUR, YEAR = timedelta(hours=1), timedelta(days=365)
DISPLACEMENT: TypeAdapter[Any] = TypeAdapter(DisplacementReport)


def displaced(occurred: datetime, reported: datetime, **more: Any) -> Any:
    return DISPLACEMENT.validate_python(
        household(occurred_at=occurred.isoformat(), reported_at=reported.isoformat(), **more)
    )


def warned(onset: datetime, reported: datetime = NOW, **more: Any) -> HazardReport:
    return HazardReport.model_validate(hazard(onset=onset.isoformat(), reported_at=reported.isoformat(), **more))


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+06:00")


def test_a_clock_a_year_ahead_is_subtracted_from_the_reported_times() -> None:
    report = displaced(noon("2027-06-14"), NOW + YEAR - HOUR)
    assert correction(report, Clocks(NOW, NOW + YEAR)) == {"occurred_at": noon("2026-06-14"), "reported_at": NOW - HOUR}


def test_a_day_that_began_too_early_on_the_authors_calendar_is_corrected_to_a_day() -> None:
    report = displaced(noon("2026-06-16"), NOW + 10 * HOUR)
    corrected = correction(report, Clocks(NOW, NOW + 10 * HOUR))
    assert corrected == {"occurred_at": noon("2026-06-15"), "reported_at": NOW}


def test_an_unstated_clock_was_ahead_at_least_as_far_as_the_reported_time() -> None:
    report = displaced(noon("2026-06-15"), NOW + 2 * HOUR)
    assert correction(report, Clocks(NOW)) == {"reported_at": NOW}


def test_the_time_of_a_count_is_corrected_by_the_clock() -> None:
    counted = (NOW + YEAR - HOUR).isoformat()
    body = group(occurred_at=noon("2026-06-14").isoformat(), reported_at=NOW.isoformat(), counted_at=counted)
    report = DISPLACEMENT.validate_python(body)
    assert correction(report, Clocks(NOW, NOW + YEAR)) == {"counted_at": NOW - HOUR}


def test_a_count_of_today_without_an_hour_may_state_a_later_noon() -> None:
    morning = noon("2026-06-15") - 4 * HOUR
    body = group(occurred_at=noon("2026-06-14").isoformat(), reported_at=morning.isoformat())
    for day, corrected in (("2026-06-15", None), ("2026-06-16", {"counted_at": noon("2026-06-16")})):
        stated = {"counted_at": noon(day).isoformat(), "counted_at_precision": "day"}
        assert correction(DISPLACEMENT.validate_python(body | stated), Clocks(morning, morning)) == corrected


def test_a_future_date_with_a_right_clock_is_flagged_and_kept() -> None:
    assert correction(warned(NOW + YEAR), Clocks(NOW, NOW)) == {"onset": NOW + YEAR}


@pytest.mark.parametrize(
    "report",
    [
        displaced(noon("2026-06-15"), NOW),
        displaced(noon("2026-06-15"), NOW + timedelta(minutes=15)),
        displaced(noon("2026-07-01"), NOW, occurred_at_precision="month"),
        warned(NOW + timedelta(minutes=15)),
        warned(NOW + YEAR, urgency="Future", certainty="Likely"),
        warned(NOW + HOUR, urgency="Expected"),
    ],
)
def test_today_a_minute_ahead_and_a_forecast_stay_unchanged(report: Any) -> None:
    assert correction(report, Clocks(NOW, NOW)) is None


@pytest.mark.parametrize(
    "seen", [{"urgency": "Immediate", "certainty": "Likely"}, {"urgency": "Future", "certainty": "Observed"}]
)
def test_an_observed_event_is_not_a_forecast(seen: dict[str, Any]) -> None:
    report = warned(NOW + HOUR, expires=(NOW + 3 * HOUR).isoformat(), **seen)
    assert correction(report, Clocks(NOW, NOW + 2 * HOUR)) == {"onset": NOW - HOUR, "expires": NOW + HOUR}


@pytest.mark.parametrize("authors", [datetime(2199, 12, 31, tzinfo=UTC), NOW - 10 * YEAR])
def test_an_implausible_clock_or_one_behind_corrects_nothing(authors: datetime) -> None:
    assert correction(warned(NOW + YEAR), Clocks(NOW, authors)) == {"onset": NOW + YEAR}


@pytest.mark.parametrize(
    ("headers", "reported_at"),
    [
        ([(b"dayar-clock", b"2026-06-15T12:00:00.123Z"), (b"date", b"x")], NOW + timedelta(milliseconds=123)),
        ([(b"date", format_datetime(NOW, usegmt=True).encode())], NOW),
        ([], None),
        ([(b"date", b"yesterday")], None),
        ([(b"dayar-clock", b"2026-06-15T12:00:00")], None),
        ([(b"dayar-clock", b"9999-12-31T23:59:59-23:59")], None),
        ([(b"dayar-clock", b"\xff")], None),
        ([(b"date", b"1" * 10_000)], None),
    ],
)
def test_the_authors_clock_comes_from_the_phones_header_or_from_date(
    headers: list[tuple[bytes, bytes]], reported_at: datetime | None
) -> None:
    assert authors_clock(headers) == reported_at


def read(report: HazardReport, clocks: Clocks) -> Received:
    operator = Principal(account=OPERATOR, jti=uuid4(), issued_at=0, expires_at=0)
    event = reports.hazard(report, operator, clocks=clocks, places=Places.load(Settings().places_path)).event
    record = message(event, id=uuid4(), source=drafts.SOURCE, time=NOW)
    return open_plain(Record(record.topic, 0, 0, 0, record.key, record.value, record.headers))


async def upload(caller: Caller, body: dict[str, Any], clock: datetime) -> httpx.Response:
    return await caller.http.post(
        DISPLACEMENTS, json=body, headers={**caller.headers, "dayar-clock": clock.isoformat()}
    )


@pytest.mark.anyio
async def test_a_report_with_a_clock_ahead_is_recorded_correctly_and_its_repeat_is_a_repeat(
    intake: RunningIntake,
) -> None:
    now = datetime.now(UTC)
    body = household(occurred_at=(now + YEAR).isoformat(), reported_at=(now + YEAR - HOUR).isoformat())
    caller = intake.caller()
    first = await upload(caller, body, now + YEAR)
    again = await upload(caller, body, now + YEAR + timedelta(seconds=3))
    assert (first.status_code, again.status_code) == (202, 200)
    [received] = await records(intake.installation, "displacements", body["report_id"])
    filed = received.opened
    assert filed.flags == (Flag.CLOCK_AHEAD,)
    assert abs(filed.clear.reported_at - (now - HOUR)) < timedelta(minutes=1)
    assert abs(filed.clear.occurred_at - now) < timedelta(minutes=1)


@pytest.mark.anyio
@pytest.mark.parametrize("clocks", [(YEAR, 2 * YEAR), (timedelta(), YEAR), (YEAR, timedelta())])
async def test_a_retry_with_another_correction_is_a_repeat_and_a_changed_time_is_not(
    intake: RunningIntake, clocks: tuple[timedelta, timedelta]
) -> None:
    """Valkey has lost the fingerprint of the first attempt.

    The report's digest must therefore show consumers that the second attempt is a repeat.
    """
    now, caller = datetime.now(UTC), intake.caller()
    body = household(occurred_at=(now - HOUR).isoformat(), reported_at=(now + timedelta(minutes=20)).isoformat())
    other = {**body, "reported_at": (now + timedelta(minutes=21)).isoformat()}
    for ahead, sent in zip((*clocks, clocks[0]), (body, body, other), strict=True):
        with intake.installation.redis() as valkey:
            valkey.flushdb()
        assert (await upload(caller, sent, now + ahead)).status_code == 202
    first, again, changed = await records(intake.installation, "displacements", body["report_id"])
    assert first.digest == again.digest != changed.digest
    assert Flag.CLOCK_AHEAD in first.opened.flags


def test_a_hazard_with_another_correction_is_a_repeat_and_a_changed_time_is_not() -> None:
    report = warned(NOW + timedelta(minutes=20))
    later = report.model_copy(update={"onset": NOW + HOUR})
    tries = [(report, Clocks(NOW, NOW + HOUR)), (report, Clocks(NOW + HOUR)), (later, Clocks(NOW, NOW + HOUR))]
    first, again, changed = [read(report, clocks) for report, clocks in tries]
    assert [each.event.data.flags for each in (first, again)] == [(Flag.CLOCK_AHEAD,), ()]
    assert first.digest == again.digest != changed.digest


@pytest.mark.anyio
async def test_an_onset_of_next_year_is_flagged_unless_it_is_a_forecast(intake: RunningIntake) -> None:
    onset = (datetime.now(UTC) + YEAR).isoformat()
    seen, forecast = hazard(onset=onset), hazard(onset=onset, urgency="Future", certainty="Possible")
    caller = intake.caller(Role.OPERATOR)
    for body in (seen, forecast):
        assert (await caller.post(HAZARDS, body)).status_code == 202
    flags = [
        (await records(intake.installation, "hazards-restricted", body["report_id"]))[0].data.flags
        for body in (seen, forecast)
    ]
    assert flags == [(Flag.CLOCK_AHEAD,), ()]
