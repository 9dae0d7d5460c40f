"""The statistics count alerts, hazards, acknowledgement times and notifications as a person would by hand."""

import io
import random
import re
import statistics as python_statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.acts.acts import ActKind
from services.alerts.alerts import Alert
from services.alerts.models import Act, AlertRow, Delivery, SmsMessage
from services.alerts.queries import hazards as hazard_queries
from services.alerts.queries.alerts import alert_row
from services.alerts.statistics import pages, queries
from services.alerts.statistics.filters import StatisticsFilters, StatisticsQuery
from services.alerts.statistics.tables import AlertNumbers, Statistics, statistics
from shared.auth.tokens import Role
from shared.events.vocabulary import Status
from shared.places import Places
from shared.postgres.models import table
from tests.alerts.desk import Desk
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, hazard, mudflow

pytestmark = pytest.mark.anyio
OSH = "KG06000000000"
PLACES = Places.load()
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
FIRST_MINUTE_OF_JUNE = datetime(2026, 5, 31, 18, tzinfo=UTC)  # in Bishkek
PERIOD = {"since": "2026-05", "until": "2026-06"}
X, Y = uuid4(), uuid4()
about: Any = pytest.approx


async def test_small_set_of_alerts_counts_as_by_hand(session: AsyncSession) -> None:
    await a_small_set(session)
    by_month = await counted(session)
    assert by_month.total == AlertNumbers(None, 1, 5, 3, 6, about(17.2), 1, 3)
    assert by_month.alerts == [
        AlertNumbers("2026-05", 0, 1, 1, 6, 6),
        AlertNumbers("2026-06", 1, 4, 2, 12, about(18.4), 1, 3),
    ]
    assert outcomes(by_month) == {
        ("2026-05", "sms"): {"delivered": 1},
        ("2026-06", "email"): {"queued": 1},
        ("2026-06", "sms"): {"failed": 1},
        ("2026-06", "telegram"): {"sent": 1},
        ("2026-06", "webhook"): {"delivered": 1, "not_sent": 1},
    }
    by_type = await counted(session, by="hazard_type")
    assert [(row.key, row.alerts, row.hazards) for row in by_type.alerts] == [
        ("mudflow", 2, 1),
        ("earthquake", 2, 0),
        (None, 1, 0),
    ]
    by_area = await counted(session, by="area")
    assert [(row.key, row.alerts, row.hazards) for row in by_area.alerts] == [(BATKEN, 4, 1), (OSH, 2, 0)]
    assert by_area.total == by_month.total
    in_batken = await counted(session, by="area", area=BATKEN)
    assert [(row.key, row.alerts) for row in in_batken.alerts] == [(KADAMJAI, 2), (LEILEK, 2), (ALAI, 1)]


async def test_reader_of_one_oblast_sees_only_its_alerts(session: AsyncSession) -> None:
    await a_small_set(session)
    seen = await counted(session, by="area", visible=PLACES.around((OSH,)))
    assert (seen.total.alerts, seen.total.unacknowledged, seen.total.hazards) == (2, 1, 0)
    assert [(row.key, row.alerts) for row in seen.alerts] == [(OSH, 2)]
    assert outcomes(seen) == {(OSH, "sms"): {"delivered": 1}}


async def test_drawn_alerts_count_as_an_independent_computation_says(session: AsyncSession) -> None:
    draw = random.Random(13)
    minutes = [draw.choice([None, draw.uniform(0, 60)]) for _ in range(60)]
    for waited in minutes:
        alert_id = await raised(session, FIRST_MINUTE_OF_JUNE + timedelta(hours=draw.randrange(600)))
        if waited is not None:
            await acted(session, alert_id, ActKind.ACKNOWLEDGED, waited)
    total = (await counted(session)).total
    known = [waited for waited in minutes if waited is not None]
    assert (total.alerts, total.acknowledged) == (60, len(known))
    assert total.median == pytest.approx(python_statistics.median(known), abs=1e-4)
    deciles = python_statistics.quantiles(known, n=10, method="inclusive")
    assert total.ninth_decile == pytest.approx(deciles[8], abs=1e-4)
    assert (total.in_time, total.decided) == (sum(waited <= 10 for waited in known), 60)


async def test_page_and_workbook_show_the_statistics(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        await a_small_set(session)
    async with desk.caller(Role.ANALYST) as caller:
        page = await caller.get("/statistics", params={**PERIOD, "lang": "en"})
        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", unescape(page.text)))
        assert page.status_code == 200
        assert "06.2026 1 4 2 2 12.0 18.4 1 of 4 (25 %)" in words and "of status Actual count" in words
        assert "Сель" in (await caller.get("/statistics", params={**PERIOD, "by": "hazard_type", "lang": "ru"})).text
        workbook = await caller.get("/statistics/export", params={**PERIOD, "by": "area", "lang": "en"})
        for wrong in ({"since": "2026-06", "until": "2026-05"}, {"since": "1990-01", "until": "2026-05"}):
            assert (await caller.get("/statistics", params=wrong)).status_code == 422
        assert (await caller.get("/statistics", params={"by": "account"})).status_code == 422
    alerts, notifications = openpyxl.load_workbook(io.BytesIO(workbook.content)).worksheets
    assert values(alerts)[-2:] == [
        ("Batken oblast", 1, 4, 3, 1, 6, 17.2, 1, 3),
        ("Osh oblast", 0, 2, 1, 1, 6, 6, 0, 1),
    ]
    assert ("Osh oblast", "SMS", 1, 1, 0, 0, 0, 0) in values(notifications)
    async with desk.caller(Role.VIEWER) as caller:
        assert (await caller.get("/statistics")).status_code == 403


async def test_statistics_that_take_long_end_without_waiting_longer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk.sessions.begin() as other, desk.caller() as caller:
        await other.execute(text("LOCK TABLE acts"))
        answer = await caller.get("/statistics", params={"lang": "en"})
        monkeypatch.setattr(pages, "LONGEST_WAIT", 0.05)
        async with pages.ONE_AT_A_TIME:
            busy = await caller.get("/statistics", params={"lang": "en"})
    assert answer.status_code == 503 and "took too long" in answer.text
    assert busy.status_code == 503 and "for somebody else" in busy.text


async def a_small_set(session: AsyncSession) -> None:
    in_time = await raised(session, FIRST_MINUTE_OF_JUNE, pcodes=(KADAMJAI,))
    await acted(session, in_time, ActKind.ACKNOWLEDGED, 4)
    await acted(session, in_time, ActKind.CONFIRMED, 9)
    late = await raised(session, datetime(2026, 6, 10, tzinfo=UTC), pcodes=(LEILEK,))
    await acted(session, late, ActKind.ACKNOWLEDGED, 2, account=X)
    await acted(session, late, ActKind.COMMENTED, 2.05, account=X)
    await acted(session, late, ActKind.UNACKNOWLEDGED, 2.1, account=X)
    await acted(session, late, ActKind.CONFIRMED, 20, account=Y)
    quake = {"hazard_type": "earthquake"}
    await raised(session, datetime(2026, 6, 11, tzinfo=UTC), pcodes=(ALAI,), **quake)
    of_two_areas = await raised(
        session, datetime(2026, 5, 2, tzinfo=UTC), pcodes=(ALAI, KADAMJAI), first_due_at=None, **quake
    )
    await acted(session, of_two_areas, ActKind.RESOLVED, 6)
    await raised(
        session, NOW - timedelta(minutes=5), pcodes=(LEILEK,), hazard_type=None, first_due_at=NOW + timedelta(minutes=5)
    )
    uncounted = [
        await raised(session, NOW - timedelta(days=1), status="Exercise"),
        await raised(session, NOW - timedelta(days=1), is_suppressed=True),
        await raised(session, datetime(2026, 4, 30, 17, 59, tzinfo=UTC)),
        await raised(session, datetime(2026, 6, 30, 18, tzinfo=UTC)),
    ]
    sent: dict[str, Any] = {"settled_at": NOW, "is_delivered": True}
    await notified(session, in_time, "webhook", **sent)
    await notified(session, in_time, "webhook", **sent, reason="outbox_page")
    await notified(session, late, "telegram", **sent)
    await notified(session, late, "sms", settled_at=NOW, is_delivered=False, reason="no_mobile_number")
    await notified(session, late, "email")
    await notified(session, of_two_areas, "sms", receipt="read", created_at=datetime(2026, 5, 2, tzinfo=UTC))
    await notified(session, uncounted[0], "webhook", **sent)
    begun = {"onset": FIRST_MINUTE_OF_JUNE, "reported_at": FIRST_MINUTE_OF_JUNE}
    hazards = [
        mudflow(**begun),
        mudflow(**begun, status="Exercise"),
        hazard(**begun, msg_type="Cancel", revision=2),
        hazard(onset=datetime(2026, 4, 1, tzinfo=UTC)),
        # a team looked for the hazard and found none
        mudflow(**begun, source="field", source_id="m2", certainty="Unlikely"),
    ]
    await hazard_queries.save_hazards(session, hazards, [], PLACES)


async def raised(session: AsyncSession, at: datetime, *, status: str = "Actual", **changed: Any) -> UUID:
    alert_id = uuid4()
    fields: dict[str, Any] = {
        "alert_id": alert_id,
        "kind": "hazard",
        "area": "",
        "situation": str(alert_id),
        "sequence": 1,
        "status": status,
        "rule": "severity",
        "reason": "source_severity",
        "severity": "Severe",
        "hazard_type": "mudflow",
        "pcodes": (KADAMJAI,),
        "onset": at,
        "raised_at": at,
        "changed_at": at,
        "first_due_at": at + timedelta(minutes=10),
    }
    alert = Alert.model_validate({**fields, **changed})
    await session.execute(insert(table(AlertRow)).values(alert_row(alert)))
    return alert_id


async def acted(
    session: AsyncSession, alert_id: UUID, deed: ActKind, minutes: float, *, account: UUID | None = None
) -> None:
    at = await session.scalar(text("SELECT raised_at FROM alerts WHERE alert_id = :id"), {"id": alert_id})
    assert at is not None
    row = {"alert_id": alert_id, "sequence": 2, "deed": deed.value, "account_id": account or X}
    await session.execute(insert(Act).values(**row, acted_at=at + timedelta(minutes=minutes)))


async def notified(
    session: AsyncSession, alert_id: UUID, channel: str, *, receipt: str | None = None, **changed: Any
) -> None:
    delivery_id = uuid4()
    at = datetime(2026, 6, 10, tzinfo=UTC)
    row = {
        "delivery_id": delivery_id,
        "alert_id": alert_id,
        "step": 1,
        "recipient": str(delivery_id),
        "cause": "raised",
    }
    await session.execute(
        insert(Delivery).values(**row, channel=channel, content="{}", due_at=at, **{"created_at": at, **changed})
    )
    if receipt:
        await session.execute(insert(SmsMessage).values(delivery_id=delivery_id, accepted_at=at, state=receipt))


async def counted(session: AsyncSession, *, visible: frozenset[str] | None = None, **filters: Any) -> Statistics:
    chosen = StatisticsFilters.model_validate({**PERIOD, **filters})
    query = StatisticsQuery.of(chosen, Status.ACTUAL, visible, PLACES, NOW)
    return statistics(
        chosen,
        await queries.alerts(session, query),
        await queries.hazards(session, query),
        await queries.deliveries(session, query),
        visible,
    )


def outcomes(counted: Statistics) -> dict[tuple[str | None, str], dict[str, int]]:
    return {(row.key, row.channel): row.outcomes for row in counted.deliveries}


def values(sheet: Any) -> list[Sequence[Any]]:
    return list(sheet.iter_rows(values_only=True))
