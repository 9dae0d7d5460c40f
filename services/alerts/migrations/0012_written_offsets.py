"""Adds the offset that a dead letter's text names. It differs from the row's offset after a restore from a backup."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
