"""Adds the written offset, by which dead letters restored from a backup are found."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
