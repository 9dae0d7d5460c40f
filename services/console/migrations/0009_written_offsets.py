"""Adds to each dead letter the offset that its text names, by which a letter restored from a backup is found."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
