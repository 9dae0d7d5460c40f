"""Stores the end of each alert's first waiting time, so that statistics can say who acknowledged in time.

The previous release of Dayar leaves the new column empty.
"""

from alembic import op

revision = "alerts_0070"
down_revision = "alerts_0069"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN first_due_at timestamptz")
