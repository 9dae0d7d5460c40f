"""Adds to dead letters the offset named in the text. After a restore from a backup, the row's own offset differs."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
