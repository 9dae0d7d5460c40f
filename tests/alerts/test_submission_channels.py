"""The previous release of Dayar stored reports in another form.

The migration makes the earlier reports readable for this release.
"""

from importlib import import_module

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.events import HazardReported
from shared.events.vocabulary import SubmissionChannel
from tests.alerts.factories import mudflow
from tests.alerts.post import Post

MIGRATION = "services.alerts.migrations.0015_submission_channel"


@pytest.mark.anyio
@pytest.mark.parametrize("table", ["hazards", "hazard_revisions"])
async def test_a_stored_report_names_its_channel_after_the_migration(session: AsyncSession, table: str) -> None:
    hazard = mudflow(channel="api", text={"ru": {"headline": 'Сель: "road"'}})
    await Post(session)(hazard)
    await session.execute(text(f"""UPDATE {table} SET report = replace(report, '"channel":', '"road":')"""))
    await (await session.connection()).run_sync(upgrade)
    [report] = await session.scalars(text(f"SELECT report FROM {table}"))
    assert HazardReported.model_validate_json(report) == hazard
    assert hazard.channel is SubmissionChannel.API


def upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        import_module(MIGRATION).upgrade()
