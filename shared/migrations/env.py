"""Alembic's environment for all services. `database.migrate` provides the connection and the service."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["service"],
    transactional_ddl=True,
)
context.run_migrations()
