"""Adds a table of redrives. With a redrive, a person makes a service handle a dead letter again."""

from alembic import op

from shared.messaging.tables import create_redrives

revision = "console_0002"
down_revision = "console_0001"


def upgrade() -> None:
    create_redrives(op)
