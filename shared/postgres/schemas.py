"""Migrates the schema of a service.

Refuses a schema of a newer release, of a build with an earlier record layout, or of another kind of installation.
"""

from pathlib import Path

from sqlalchemy import Connection, func, insert, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.schema import CreateSchema, CreateTable

from shared.config import Settings
from shared.errors import DocumentedError
from shared.events.topics import CONTRACT
from shared.postgres.database import advisory_lock, opened
from shared.postgres.models import INSTALLATION

ROOT = Path(__file__).resolve().parents[2]


class NotOurs(DocumentedError):
    """This database must not be opened."""


class OtherMark(NotOurs):
    """This database belongs to an installation of the other kind.

    An exercise cannot become real, nor a real installation an exercise. Give another database, or the DEMO= it was
    made with; nothing was changed.
    """


class NewerSchema(NotOurs):
    """This database was written by a newer release.

    Use that release, or another database or folder by STATE=; nothing was changed.
    """


class EarlierBuild(NotOurs):
    """This database was written by an earlier build, whose records this build cannot read.

    Use that build, or start again with another database; nothing was changed.
    """


async def migrate(service: str, settings: Settings) -> None:
    """Upgrade the service's schema to the newest revision. Concurrent calls wait for each other. Raises NotOurs."""
    async with (
        opened(settings.for_service(service), idle_seconds=600) as own,
        own.begin() as connection,
    ):
        await connection.execute(advisory_lock(f"migrate {service}"))
        if not await connection.run_sync(lambda synchronous: inspect(synchronous).has_schema(service)):
            await connection.execute(CreateSchema(service))
        await hold_to_contract(connection, service)
        await _hold_to_mark(connection, settings)
        await connection.run_sync(_upgrade, service)


async def hold_to_contract(connection: AsyncConnection | AsyncSession, service: str) -> None:
    """Raises EarlierBuild or NewerSchema if the schema has another contract version."""
    if not await connection.scalar(select(func.to_regclass(INSTALLATION.name))):
        return  # a new schema
    # raw SQL: the table of an earlier build may lack the column `contract` of the model
    mark = await connection.scalar(text("SELECT to_jsonb(mark) FROM installation AS mark LIMIT 1"))
    contract = (mark or {}).get("contract", 1)  # version 1 did not store its version
    if contract > CONTRACT:
        raise NewerSchema(service)
    if contract < CONTRACT:
        raise EarlierBuild(service)


async def _hold_to_mark(connection: AsyncConnection, settings: Settings) -> None:
    """The first migration stores in the database whether the installation is an exercise.

    Raises OtherMark if the settings say otherwise. The mark is not in the state folder, because somebody could use the
    folder with another database.
    """
    await connection.execute(CreateTable(INSTALLATION, if_not_exists=True))
    marked = select(INSTALLATION.c.exercise)
    if await connection.scalar(marked) is None:
        await connection.execute(insert(INSTALLATION).values(exercise=settings.exercise, contract=CONTRACT))
    is_exercise = bool(await connection.scalar(marked))
    if is_exercise is not settings.exercise:
        raise OtherMark("made as an exercise" if is_exercise else "made as a real one")


def _upgrade(connection: Connection, service: str) -> None:
    from alembic import command  # noqa: PLC0415 - needed only to migrate, and a tenth of the start's imports
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script.revision import ResolutionError  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(ROOT / "shared" / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(ROOT / "services" / service / "migrations"))
    config.attributes.update(connection=connection, service=service)
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        # Alembic does not know the schema's revision, so a newer release has migrated the schema.
        if isinstance(error.__cause__, ResolutionError):
            raise NewerSchema(service) from None
        raise
