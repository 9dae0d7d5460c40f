"""Fixtures for the tests of feeds, which make database sessions on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.config import IntakeSettings
from shared.postgres import database
from tests.installation import Installation
from tests.intake.feeds.reading import Reading


@pytest.fixture
async def sessions(tables: Installation) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    engine = database.engine(tables.settings(IntakeSettings))
    yield database.sessions(engine)
    await engine.dispose()


@pytest.fixture
def reading() -> Reading:
    return Reading()
