"""Adds to each dead letter the offset that its text names. After a restore, the row itself has another offset."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
