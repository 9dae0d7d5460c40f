"""The board's key figures are sums over its lists. The change of a key figure is its difference to recorded figures."""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from services.console import key_figures
from services.console.handlers import show
from services.console.key_figures import ComparedFigure, KeyFigure
from services.console.models import KeyFigurePart
from services.console.queries import key_figures as queries
from services.console.queries import snapshots
from services.console.shared_figures import SharedFigures
from shared.auth.tokens import Principal, Role
from shared.events import AlertAcknowledged, AlertProgressed
from shared.events.vocabulary import Status
from shared.messaging.models import ConsumerOffset
from shared.places import Places
from shared.postgres import database
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK, NOW, alert, all_received, delivery, household

pytestmark = pytest.mark.anyio

PLACES = Places.load()
DAY = timedelta(hours=24)


async def shown(
    session: AsyncSession, now: datetime = NOW, areas: tuple[str, ...] = ("KG",)
) -> dict[str, tuple[int, int | None]]:
    reader = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=areas)
    of_alerts = await queries.of_alerts(session, reader, PLACES)
    of_households = await queries.of_households(session, Status.ACTUAL, reader, PLACES)
    before = await queries.day_ago(session, now, reader, PLACES)
    compared = key_figures.compared({**of_alerts, **of_households}, before)
    return {name: (figure.now, figure.before) for name, figure in compared.items()}


async def reported(session: AsyncSession) -> None:
    waiting, working = alert(pcodes=[LEILEK]), alert(pcodes=[KARA_SUU])
    answered: dict[str, Any] = {"acknowledged_at": NOW, "acknowledged_by": uuid4()}
    acknowledged = alert(AlertAcknowledged, **{**working.model_dump(), **answered, "sequence": 2})
    at_work: dict[str, Any] = {"progressed_at": NOW, "progressed_by": uuid4(), "sequence": 3}
    progressed = alert(AlertProgressed, **{**acknowledged.model_dump(), **at_work})
    failed = delivery(alert_id=waiting.alert_id, is_delivered=False)
    places = (KADAMJAI, KARA_SUU, LEILEK)
    households = [
        household(destination=place, persons=persons) for place, persons in zip(places, (3, 4, 5), strict=True)
    ]
    exercise = household(status="Exercise")
    await show(all_received([waiting, alert(pcodes=[]), working, acknowledged, progressed]), session)
    await show(all_received([failed, delivery(alert_id=waiting.alert_id), *households, exercise]), session)


async def test_the_figures_of_an_area_are_compared_with_those_recorded_24_hours_ago(session: AsyncSession) -> None:
    await queries.record(session, Status.ACTUAL, NOW - DAY - timedelta(minutes=10))
    await reported(session)
    assert await shown(session) == {
        "unacknowledged": (2, 0),
        "in_progress": (1, 0),
        "displaced": (12, 0),
        "not_delivered": (1, 0),
    }
    batken = await shown(session, areas=(BATKEN,))
    assert (batken["unacknowledged"], batken["in_progress"], batken["displaced"]) == ((2, 0), (0, 0), (8, 0))
    await queries.record(session, Status.ACTUAL, NOW)
    await show(all_received([alert(pcodes=[LEILEK]), household(destination=LEILEK)]), session)
    tomorrow = await shown(session, NOW + DAY, areas=(BATKEN,))
    assert (tomorrow["unacknowledged"], tomorrow["displaced"]) == ((3, 2), (13, 8))


async def test_without_a_record_of_that_time_the_change_is_not_known(session: AsyncSession) -> None:
    """The present figures are compared with figures of the same time yesterday.

    Figures recorded long before or after that time do not count.
    """
    for moment in (NOW - DAY - timedelta(minutes=25), NOW - DAY + timedelta(minutes=1)):
        await queries.record(session, Status.ACTUAL, moment)
    assert set((await shown(session)).values()) == {(0, None)}
    assert ComparedFigure(3, None).change is None
    assert key_figures.compared({("unacknowledged", "Severe"): 2}, {})[KeyFigure.UNACKNOWLEDGED].by_severity == {
        "Severe": 2
    }


async def test_two_workers_record_once_in_a_quarter_of_an_hour_and_old_records_go(session: AsyncSession) -> None:
    quarter = NOW.replace(minute=15, second=0)
    for moment in (quarter - 2 * DAY, quarter, quarter + timedelta(minutes=14), quarter + timedelta(minutes=15)):
        await queries.record(session, Status.ACTUAL, moment)
    rows = await session.execute(select(KeyFigurePart.taken_at, func.count()).group_by(KeyFigurePart.taken_at))
    assert dict(rows.all()) == dict.fromkeys((quarter, quarter + timedelta(minutes=15)), len(KeyFigure))


async def test_readers_of_the_same_areas_share_figures_until_a_record_of_their_topics_arrives(
    engine: AsyncEngine,
) -> None:
    """Some figures contain other figures, and are as old as the contained figures.

    The memory of figures that nobody reads is freed.
    """
    now = [0.0]
    sessions, figures = database.sessions(engine), SharedFigures(lambda: now[0])
    computed: list[Iterable[str]] = []

    async def store(topic: str, next_offset: int) -> None:
        async with sessions.begin() as session:
            await session.merge(ConsumerOffset(topic=topic, partition=0, first_offset=0, next_offset=next_offset))

    async def read(*areas: str, within: str | None = None, seconds: float = 10) -> int:
        async with sessions() as session:
            await snapshots.begin(session)
            shared = await figures.of(session, areas)

            async def compute() -> int:
                computed.append(areas)
                return await session.scalar(select(literal(len(computed)))) or 0

            async def displaced() -> int:
                return await shared.get("displaced", ["households"], compute, seconds=seconds)

            return await shared.get(within, ["households"], displaced) if within else await displaced()

    await store("households", 1)
    first, second, of_area = await asyncio.gather(read("KG"), read("KG"), read(BATKEN, LEILEK))
    assert first == second != of_area and len(computed) == 2
    await store("alerts", 1)
    assert await read("KG") == first and await read(LEILEK, BATKEN) == of_area
    await store("households", 2)
    assert (await read("KG"), await read("KG"), len(computed)) == (3, 3, 3)
    now[0] = 9
    assert await read("KG", within="panel") == 3
    now[0] = 10
    assert await read("KG", within="panel") == 4
    now[0] = 100
    assert (await read(BATKEN), len(figures)) == (5, 1)
    now[0] = 101
    assert (await read(BATKEN), await read(BATKEN, seconds=1)) == (5, 6)
