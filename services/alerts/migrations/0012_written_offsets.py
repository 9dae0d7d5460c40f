"""Adds a column to dead letters for the offset that is written in their headers.

A restore does not change the offset in the headers.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
