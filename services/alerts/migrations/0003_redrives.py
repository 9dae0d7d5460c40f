"""Adds a table of people's decisions to process a dead letter again."""

from alembic import op

from shared.messaging.tables import create_redrives

revision = "alerts_0003"
down_revision = "alerts_0002"


def upgrade() -> None:
    create_redrives(op)
