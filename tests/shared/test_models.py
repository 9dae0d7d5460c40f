"""Each table is declared once, as a model. The migrations make exactly the declared tables.

Models contain no triggers, functions or grants. Other tests check what triggers, functions and grants do.
"""

import importlib
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import BaseModel
from sqlalchemy import Column, Connection, Constraint, Index, MetaData, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql.elements import conv

from services.alerts.alerts import Alert
from services.alerts.models import AlertRow, DepartureRow, HouseholdRow, ReceiverRow
from services.alerts.projections import Departure, DisplacedHousehold
from services.alerts.receivers.receivers import Receiver
from shared.events.alerts import PublishedAlert
from shared.events.topics import SERVICES
from shared.postgres import bulk_copy
from shared.postgres.models import NAMES, Base
from tests.installation import Installation

pytestmark = pytest.mark.anyio

# Selects the definitions of all tables, constraints, indexes and columns. Alembic compares fewer of these definitions.
DEFINITIONS = text("""
SELECT concat_ws(' ', relname, reloptions::text) FROM pg_class
WHERE relnamespace = CAST(:schema AS text)::regnamespace AND relkind = 'r'
UNION SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint
WHERE connamespace = CAST(:schema AS text)::regnamespace AND contype <> 'n'
UNION SELECT pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = CAST(:schema AS text)::regnamespace
UNION SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, attidentity,
    attgenerated, pg_get_expr(adbin, adrelid))
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
WHERE relnamespace = CAST(:schema AS text)::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
""")
# This name is outside the naming convention, because an earlier release of Dayar uses it for the constraint.
NAMED = {"uq_deliveries_once"}


def declared(service: str) -> MetaData:
    models: Any = importlib.import_module(f"services.{service}.models")
    [own] = [value for name, value in vars(models).items() if name == f"{service.capitalize()}Model"]
    tables = MetaData(naming_convention=NAMES)
    for table in (*own.metadata.tables.values(), *models.SHARED):
        table.to_metadata(tables)
    return tables


@pytest.fixture
async def connection(tables: Installation) -> AsyncIterator[AsyncConnection]:
    """The administrator's connection: a service cannot create a schema."""
    server = tables.components.server
    url = make_url(server.url).set(drivername="postgresql+asyncpg", database=tables.database, password=server.password)
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_make_the_tables_that_the_models_declare(service: str, connection: AsyncConnection) -> None:
    await use(connection, service)
    assert await connection.run_sync(differences, declared(service)) == []


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_and_models_agree_in_every_definition(service: str, connection: AsyncConnection) -> None:
    """Alembic compares no checks, index conditions, column expressions and storage parameters.

    The test also compares checks, index conditions, column expressions and storage parameters.
    """
    migrated = await definitions(connection, service)
    await connection.execute(text("CREATE SCHEMA of_models"))
    await use(connection, "of_models")
    await connection.run_sync(declared(service).create_all)
    laid_out = await definitions(connection, "of_models")
    assert (sorted(migrated - laid_out), sorted(laid_out - migrated)) == ([], [])


@pytest.mark.parametrize("service", SERVICES)
def test_names_follow_the_convention_unless_an_index_has_a_condition_or_an_expression(service: str) -> None:
    for table in declared(service).tables.values():
        items: list[Constraint | Index] = [*table.constraints, *table.indexes]
        named = {str(item.name) for item in items if not isinstance(item.name, conv)}
        assert named - NAMED == {str(index.name) for index in table.indexes if is_partial(index)}


def is_partial(index: Index) -> bool:
    has_columns = all(isinstance(expression, Column) for expression in index.expressions)
    return index.dialect_options["postgresql"]["where"] is not None or not has_columns


def differences(connection: Connection, tables: MetaData) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, tables))


async def use(connection: AsyncConnection, schema: str) -> None:
    await connection.execute(text(f"SET search_path = {schema}"))


async def definitions(connection: AsyncConnection, schema: str) -> set[str]:
    await use(connection, schema)
    definitions = await connection.scalars(DEFINITIONS, {"schema": schema})
    return {line.replace(f"{schema}.", "") for line in definitions if "alembic_version" not in line}


@pytest.mark.parametrize(
    ("value", "model"),
    [(Alert, AlertRow), (DisplacedHousehold, HouseholdRow), (Departure, DepartureRow), (Receiver, ReceiverRow)],
)
def test_each_field_that_the_alerts_service_stores_is_a_column(value: Any, model: type[Base]) -> None:
    """The alerts service's SQL statements use these fields' names as names of columns."""
    names = value.model_fields if issubclass(value, BaseModel) else {field.name for field in fields(value)}
    assert set(names) <= set(bulk_copy.columns(model))


def test_a_field_of_an_alert_that_is_stored_and_published_is_declared_once() -> None:
    assert not Alert.__annotations__.keys() & PublishedAlert.model_fields.keys()
