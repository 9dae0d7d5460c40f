"""While nobody acknowledges an alert, more receivers are notified at each step, until the escalation ends."""

import importlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from services.alerts import measures
from services.alerts.config import AlertsSettings
from services.alerts.queries import alerts as alert_queries
from services.alerts.queries import plans as plan_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.queries import telegram_polls as poll_queries
from services.alerts.receivers.receivers import ReceiverKind
from services.alerts.rosters.rosters import Override, Roster
from shared.events.vocabulary import Severity, Status, Verdict
from tests.alerts.factories import KADAMJAI, LEILEK, NOW, hazard, mudflow
from tests.alerts.night import OPERATOR, Night

pytestmark = pytest.mark.anyio

MODERATE, EXTREME = timedelta(minutes=30), timedelta(minutes=5)


async def test_without_acknowledgement_the_next_step_is_notified_and_the_last_step_repeats(night: Night) -> None:
    await night.report(hazard())
    assert await night.passes(MODERATE - timedelta(seconds=1)) == 0
    assert (await night.alert()).first_due_at == NOW + MODERATE
    for _ in range(4):
        assert await night.passes(MODERATE) == 1
    assert await night.notified() == [(1, "duty"), (2, "head"), (3, "minister"), (4, "minister"), (5, "minister")]
    assert (await night.alert()).level == 4


async def test_more_severe_alerts_escalate_sooner(night: Night) -> None:
    await night.report(hazard(magnitude=6.8))
    assert await night.passes(EXTREME) == 1


@pytest.mark.parametrize(
    "to_judge",
    [
        {"type": "landslide", "severity": "Unknown", "source": "gdacs"},
        {"magnitude": 6.6, "depth_km": 210.0, "area": {"point": {"lat": 36.5, "lon": 71.2}}},
    ],
)
async def test_an_alert_whose_severity_must_be_judged_escalates_after_ten_minutes(
    night: Night, to_judge: dict[str, Any]
) -> None:
    await night.report(hazard(**to_judge))
    assert (await night.alert()).severity == "Moderate"
    assert await night.passes(timedelta(minutes=9, seconds=59)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1


async def test_a_closed_alert_stops_ringing_and_notified_receivers_are_notified(night: Night) -> None:
    await night.report(hazard())
    await night.passes(MODERATE)
    await night.answer(Verdict.FALSE_ALARM)
    assert await night.passes(timedelta(days=1)) == 0
    assert await night.notified() == [(1, "duty"), (2, "head"), (3, "duty"), (3, "head")]


@pytest.mark.parametrize(("magnitude", "idle"), [(4.7, timedelta(minutes=15)), (6.8, timedelta(minutes=5))])
async def test_an_acknowledged_alert_without_further_acts_rings_again_and_escalates(
    night: Night, magnitude: float, idle: timedelta
) -> None:
    await night.receiver(OPERATOR.name, 7, kind=ReceiverKind.PERSON, account_id=OPERATOR.account)
    await night.report(hazard(magnitude=magnitude))
    await night.answer()
    assert await night.passes(idle - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1
    alert = await night.alert()
    assert (alert.demand, alert.level, alert.work) == ("action", 1, "acknowledged")
    assert await night.causes("head") == ["stalled"]
    assert await night.causes(OPERATOR.name) == ["stalled"], "the person who acknowledged is reminded"


async def test_a_further_act_restarts_the_clock_and_work_in_progress_stops_it(night: Night) -> None:
    await night.report(hazard())
    await night.answer()
    await night.passes(timedelta(minutes=10))
    await night.does("comment", "the road is closed")
    assert await night.passes(timedelta(minutes=14)) == 0
    await night.does("confirm", None)
    assert await night.passes(timedelta(minutes=14)) == 0
    await night.does("progress", None)
    assert await night.passes(timedelta(days=1)) == 0
    assert ((await night.alert()).work, (await night.alert()).verification) == ("in_progress", "confirmed")


async def test_a_confirmed_alert_stays_open(night: Night) -> None:
    await night.report(hazard())
    await night.does("confirm", None)
    alert = await night.alert()
    assert (alert.verification, alert.work, alert.resolved_at) == ("confirmed", "acknowledged", None)


async def test_a_snoozed_alert_rings_again(night: Night) -> None:
    await night.receiver(OPERATOR.name, 7, kind=ReceiverKind.PERSON, account_id=OPERATOR.account)
    await night.report(hazard(magnitude=6.8))
    await night.does("snooze", timedelta(minutes=30), "waiting for the post's report")
    assert (await night.alert()).demand is None
    assert await night.passes(timedelta(minutes=29)) == 0
    assert await night.passes(timedelta(minutes=1)) == 1
    alert = await night.alert()
    assert (alert.demand, alert.snoozed_until, alert.level) == ("action", None, 1)
    assert await night.causes("head") == ["woken"]
    assert await night.causes(OPERATOR.name) == ["woken"], "the person who snoozed is reminded"


@pytest.mark.parametrize("pcodes", [[KADAMJAI, LEILEK], [LEILEK]], ids=["larger", "moved"])
async def test_an_alert_over_a_new_district_must_be_acknowledged_again(night: Night, pcodes: list[str]) -> None:
    flood = mudflow(area={"pcodes": [KADAMJAI]})
    await night.report(flood)
    await night.answer()
    revision = {"msg_type": "Update", "area": {"pcodes": pcodes}}
    await night.report(mudflow(hazard_id=flood.hazard_id, revision=2, **revision))
    alert = await night.alert()
    assert alert.demanded_sequence == alert.sequence
    assert (alert.work, alert.demand, alert.acknowledged_at) == ("reopened", "acknowledgement", None)
    assert await night.causes("duty") == ["raised", "acknowledged", "widened"]


async def test_an_unreadable_alert_delays_no_other_alert_and_is_counted_and_logged_once(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unreadable alert's step is due first.

    A query for one alert would therefore always find the unreadable alert.
    """
    monkeypatch.setattr(alert_queries, "AT_ONCE", 1)
    await night.report(hazard(magnitude=6.8), mudflow(area={"pcodes": [KADAMJAI]}))
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET figures = '{' WHERE severity = 'Extreme'"))
    with capture_logs() as logs:
        assert [await night.passes(MODERATE) for _ in range(2)] == [1, 1]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["alert unreadable"]
    async with night.sessions.begin() as session:
        (metric,) = await measures.unreadable_alerts(session)
    assert {sample.labels["severity"]: sample.value for sample in metric.samples} == {"grave": 1, "mild": 0}


AFTER_FIRST = """
INSERT INTO deliveries (delivery_id, alert_id, step, recipient, channel, cause, content, created_at, due_at)
SELECT gen_random_uuid(), alert_id, step + 1, recipient, channel, cause, content, created_at, due_at FROM deliveries
"""  # the second delivery is not overdue, because it waits for the first delivery


async def test_overdue_deliveries_and_escalations_and_a_bot_without_updates_are_measured(
    night: Night, tmp_path: Path
) -> None:
    await night.report(hazard())
    (token := tmp_path / "token").write_text("1:bot")
    polled_at = datetime(2026, 11, 28, tzinfo=UTC)

    async def measured(token_file: Path) -> list[float]:
        settings = AlertsSettings(alerts_telegram_token_file=str(token_file))
        async with night.sessions.begin() as session:
            metrics = [
                *[metric for metric in await measures.channels(session) if metric.name == "alerts_overdue_deliveries"],
                *await measures.overdue_escalations(session),
                *await measures.bot_updates(settings)(session),
            ]
        return [sample.value for metric in metrics for sample in metric.samples]

    async with night.sessions.begin() as session:
        await poll_queries.store(session, 1, polled_at, None)
        await session.execute(text("UPDATE alerts SET escalates_at = now() - interval '1 minute'"))
        await session.execute(text("UPDATE deliveries SET created_at = now(), due_at = now() - interval '1 minute'"))
    assert await measured(token) == [0, 0, polled_at.timestamp()]
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET escalates_at = now() - interval '3 minutes'"))
        await session.execute(text("UPDATE deliveries SET due_at = now() - interval '3 minutes'"))
        await session.execute(text(AFTER_FIRST))
    assert await measured(tmp_path / "no-token") == [1, 1, 0]


@pytest.mark.parametrize("has_board", [True, False])
async def test_unattended_boards_halve_the_escalation_delay_and_so_does_the_lack_of_boards(
    night: Night, has_board: bool
) -> None:
    await night.boards_are_closed()
    if has_board:
        await night.touched(NOW)
    night.now += timedelta(minutes=31)
    await night.report(hazard(onset=night.now))
    assert await night.passes(MODERATE / 2 - timedelta(seconds=1)) == 0
    assert await night.passes(timedelta(seconds=1)) == 1


async def test_one_attended_board_is_enough(night: Night) -> None:
    await night.boards_are_closed()
    await night.touched(NOW)
    night.now += timedelta(minutes=31)
    await night.touched(night.now)
    await night.report(hazard(onset=night.now))
    assert await night.passes(MODERATE / 2) == 0
    assert await night.passes(MODERATE / 2) == 1


async def test_an_alert_that_gets_worse_waits_no_longer_than_its_severity_allows(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    night.now += timedelta(minutes=1)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert (await night.alert()).escalates_at == night.now + EXTREME


async def test_an_acknowledged_alert_that_gets_worse_must_be_acknowledged_again(night: Night) -> None:
    quake = hazard()
    await night.report(quake)
    await night.does("progress", None)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, magnitude=6.9, msg_type="Update"))
    assert ((await night.alert()).work, (await night.alert()).demand) == ("reopened", "acknowledgement")
    assert await night.causes("duty") == ["raised", "acknowledged", "updated"]
    assert await night.passes(EXTREME) == 1


@pytest.mark.parametrize(
    ("deeds", "is_wound_up"),
    [(["acknowledge"], True), ([], False), (["progress"], False), (["cancelled"], False)],
)
async def test_an_alert_acknowledged_under_an_earlier_release_gets_a_waiting_time(
    night: Night, deeds: list[str], is_wound_up: bool
) -> None:
    quake = hazard()
    await night.report(quake)
    for act in deeds:
        if act == "acknowledge":
            await night.answer()
        elif act == "progress":
            await night.does("progress", None)
        else:
            await night.does("confirm", None)
            await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    migration = importlib.import_module("services.alerts.migrations.0011_clocks_of_acknowledged")
    async with night.sessions.begin() as session:
        await session.execute(text("UPDATE alerts SET escalates_at = NULL, waits_since = NULL"))
        await session.execute(text(migration.WOUND_UP))
    alert = await night.alert()
    waits = alert.escalates_at and alert.waits_since and alert.escalates_at - alert.waits_since
    assert waits == (timedelta(minutes=15) if is_wound_up else None)


async def test_a_worker_that_starts_later_keeps_the_stored_due_times(night: Night, engine: AsyncEngine) -> None:
    await night.report(hazard())
    again = Night(engine)
    again.now = night.now + MODERATE
    assert await again.escalation.escalate() == 1


async def test_whoever_is_on_duty_at_the_time_of_a_repetition_is_notified_with_the_post(night: Night) -> None:
    await night.only()
    await night.receiver("desk", 0, roster="centre")
    for officer in ("Aida", "Bakyt"):
        await night.receiver(officer, 0, kind=ReceiverKind.PERSON, roster="centre")
    layer = {"name": "days", "people": ["Aida", "Bakyt"], "start": NOW.date(), "handover": "00:00", "shift_hours": 24}
    async with night.sessions.begin() as session:
        await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [layer]}))
    await night.report(hazard())
    await night.answer()
    await night.passes(timedelta(days=1))
    assert await night.notified() == [
        *((1, "Aida"), (1, "desk")),
        *((2, "Aida"), (2, "desk")),
        *((3, "Bakyt"), (3, "desk")),
    ]
    assert await night.causes("Bakyt") == ["stalled"]


async def test_a_plan_has_the_current_overrides_and_the_people_of_later_ones(night: Night) -> None:
    layer = {"name": "days", "people": ["Aida"], "start": NOW.date(), "handover": "00:00", "shift_hours": 24}
    minute, day = timedelta(minutes=1), timedelta(days=1)
    overrides = [
        Override("Chynara", NOW - day, NOW, "it has ended"),
        Override("Bakyt", NOW - day, NOW + minute / 2, "leave"),
        Override("Daniyar", NOW + minute / 2, NOW + day, "leave"),
        Override("Elmira", NOW + day, NOW + 2 * day, "leave"),
    ]
    for label in ("Bakyt", "Daniyar", "Elmira"):
        await night.receiver(label, 0, kind=ReceiverKind.PERSON, roster="centre")
    async with night.sessions.begin() as session:
        await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [layer]}))
        await roster_queries.add_overrides(session, "centre", overrides)
        plan = await plan_queries.plan(session, NOW)
    assert [override.person for override in plan.rosters["centre"][1]] == ["Bakyt", "Daniyar"]
    assert [plan.on_duty(at)["centre"] for at in (NOW, NOW + minute)] == [{"Bakyt"}, {"Daniyar"}]
    assert plan.people_of_rosters == {"centre": {"Aida", "Bakyt", "Daniyar", "Elmira"}}


async def test_only_receivers_that_the_alert_concerns_are_notified(night: Night) -> None:
    await night.receiver("trainer", 1, statuses=frozenset({Status.EXERCISE}))
    await night.receiver("osh", 1, areas=("KG06000000000",))
    await night.report(mudflow())
    await night.passes(timedelta(minutes=10))
    assert await night.notified() == [(1, "duty"), (2, "head")]


async def test_a_step_without_receivers_is_skipped(night: Night) -> None:
    await night.only(("duty", 0), ("minister", 2))
    quake = hazard()
    await night.report(quake)
    await night.passes(MODERATE)
    await night.report(hazard(hazard_id=quake.hazard_id, revision=2, msg_type="Cancel"))
    assert await night.notified() == [(1, "duty"), (2, "minister"), (3, "duty"), (3, "minister")]


async def test_the_first_step_that_takes_the_alert_is_notified_at_once(night: Night) -> None:
    """The first step's receiver gets no Moderate alerts. The second step must therefore be notified without a wait."""
    await night.receiver("duty", 0, floor=Severity.EXTREME)
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert await night.notified() == [(1, "head"), (2, "minister")]


async def test_an_alert_without_receivers_still_escalates(night: Night) -> None:
    await night.only()
    await night.report(hazard())
    assert await night.passes(MODERATE) == 1
    assert (await night.alert()).level == 1
    assert await night.notified() == []
