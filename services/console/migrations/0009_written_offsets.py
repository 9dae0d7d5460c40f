"""Adds to dead letters the offset that is written in their headers.

A restore of the database does not change this offset.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
