"""Stores for each dead letter the offset from its headers.

After a restore, this offset may differ from the record's real offset.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "alerts_0012"
down_revision = "alerts_0011"


def upgrade() -> None:
    add_written_offset(op)
