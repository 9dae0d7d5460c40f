"""Adds to dead letters the offset that their text names. After a restore, the row's own offset is different."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
