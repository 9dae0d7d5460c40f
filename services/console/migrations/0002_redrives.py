"""Adds a table of people's decisions to redrive dead letters."""

from alembic import op

from shared.messaging.tables import create_redrives

revision = "console_0002"
down_revision = "console_0001"


def upgrade() -> None:
    create_redrives(op)
