"""Adds a table of decisions to handle dead letters once more."""

from alembic import op

from shared.messaging.tables import create_redrives

revision = "console_0002"
down_revision = "console_0001"


def upgrade() -> None:
    create_redrives(op)
