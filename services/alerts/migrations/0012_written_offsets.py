"""Adds to dead letters a column for the offset in the letter's headers. A restore changes the row's own offset."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
