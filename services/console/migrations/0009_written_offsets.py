"""Adds a column for the offset that a dead letter states. After a restore, the dead letter is found by this offset."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
