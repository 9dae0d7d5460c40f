"""Adds to each dead letter the offset from its record's headers.

After a restore of the database, the offset in the headers is unchanged.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
