"""On each day, a household has one place, in whatever order its reports arrive."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.movement_rows import EPISODES
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, group, household

pytestmark = pytest.mark.anyio

MIGRATION = "services.registry.migrations.0007_moves"
DISPLACED, MIGRATED, STUCK = ("displacement", "evacuation"), "migration", "unable_to_move"
DAYS = [date(2026, month, 28) for month in range(1, 8)]
Body = dict[str, Any]


def drawn_report(draw: Random, **subject: Any) -> Body:
    """Makes a random report. The times are few, so that some reports have the same time."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(0, 180, 9))
    body = {
        "occurred_at": moment.isoformat(),
        "reported_at": (moment + timedelta(hours=draw.randrange(3))).isoformat(),
        "destination": {"pcode": draw.choice((LEILEK, KADAMJAI, BATKEN, OSH))},
        "status": "Actual" if draw.random() < 0.8 else "Exercise",
    }
    if "group_id" in subject:
        return group(**subject, **body, measure=draw.choice(("stock", "flow")))
    return household(**subject, **body, mobility=draw.choice((*DISPLACED, *DISPLACED, MIGRATED, STUCK)))


def reports(draw: Random) -> Iterator[Body]:
    for name in ("household_id", "group_id"):
        for _ in range(25):
            subject = {name: str(uuid4())}
            for _ in range(draw.randint(1, 4)):
                first = drawn_report(draw, **subject)
                corrected = {**drawn_report(draw, **subject), "report_id": first["report_id"], "version": 2}
                yield from (first, corrected) if draw.random() < 0.4 else (first,)


async def filed(office: Office) -> list[Body]:
    draw = Random(7)
    bodies = list(reports(draw))
    draw.shuffle(bodies)
    for start in range(0, len(bodies), 9):
        await office.file(*bodies[start : start + 9])
    newest = {body["report_id"]: body for body in sorted(bodies, key=lambda body: body["version"])}
    return list(newest.values())


def expected(bodies: list[Body], day: date) -> tuple[Counter[str], Counter[str]]:
    """Returns how many households and groups are in each place at the end of the day in Bishkek (UTC+6).

    Partial counts of groups replace nothing. All partial counts are therefore added.
    """
    end = datetime(day.year, day.month, day.day, 18, tzinfo=UTC)
    latest: dict[str, Body] = {}
    groups = Counter[str]()
    for body in sorted(bodies, key=lambda body: (body["occurred_at"], body["reported_at"], body["report_id"])):
        is_counted = body["status"] == "Actual" and body.get("mobility") != STUCK and body.get("measure") != "flow"
        if is_counted and datetime.fromisoformat(body["reported_at" if "group_id" in body else "occurred_at"]) < end:
            if "group_id" in body:
                groups[body["destination"]["pcode"]] += 1
            else:
                latest[body["household_id"]] = body
    households = Counter(body["destination"]["pcode"] for body in latest.values() if body.get("mobility") != MIGRATED)
    return households, groups


async def test_a_household_is_at_the_destination_of_its_latest_move_before_the_end_of_the_day(office: Office) -> None:
    bodies = await filed(office)
    for day in DAYS:
        answer = (await office.get(f"/v1/statistics/stock?date={day}", role=Role.ANALYST)).json()
        households, groups = Counter[str](), Counter[str]()
        for row in answer["rows"]:
            households[row["pcode"]] += row["households"]
            groups[row["pcode"]] += row["groups"]
        assert (+households, +groups) == expected(bodies, day), day


async def superseded(session: AsyncSession) -> dict[Any, datetime]:
    rows = await session.execute(text("SELECT report_id, superseded_at FROM episodes"))
    return {report_id: moment for report_id, moment in rows}  # noqa: C416 - a row is no tuple for mypy


async def test_rows_of_the_release_before_get_the_same_mark(office: Office) -> None:
    await filed(office)
    async with office.app.state.sessions() as session:
        known = await superseded(session)
        names = ", ".join(set(EPISODES.columns) - {"superseded_at"})
        for statement in (
            f"CREATE TEMP TABLE old ON COMMIT DROP AS SELECT {names} FROM episodes",
            "DELETE FROM episodes",
            f"INSERT INTO episodes ({names}) SELECT {names} FROM old",
        ):
            await session.execute(text(statement))
        assert await superseded(session) == known
        assert len(set(known.values())) > 2


async def test_existing_rows_are_marked_by_the_migration(office: Office) -> None:
    await filed(office)
    made = import_module(MIGRATION)
    async with office.app.state.sessions() as session:
        known = await superseded(session)
        for subject in made.SUBJECTS:
            # without the triggers, which need columns that the migration drops
            await session.execute(text(f"ALTER TABLE {subject} DISABLE TRIGGER USER"))
            await session.execute(text(f"DROP TRIGGER IF EXISTS fill ON {subject}"))
            await session.execute(text(f"DROP FUNCTION IF EXISTS fill_{subject}"))
            drops = ", ".join(f"DROP {name}" for name in ("superseded_at", *made.COLUMNS))
            await session.execute(text(f"ALTER TABLE {subject} {drops}"))
        await (await session.connection()).run_sync(upgrade)
        assert await superseded(session) == known


def upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module(MIGRATION).upgrade()
