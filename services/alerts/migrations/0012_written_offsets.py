"""Stores for each dead letter the offset that its headers state.

A restore does not change the offset in the headers of a dead letter.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
