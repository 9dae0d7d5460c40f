"""Stores until when each alert waits for its first acknowledgement, so that statistics can say who was in time.

The previous release of Dayar stores no value in the new column.
"""

from alembic import op

revision = "alerts_0070"
down_revision = "alerts_0069"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN first_due_at timestamptz")
