"""Stores how the registry compares a count with the registered people at the same place.

The previous release of Dayar ignores the new column, so an older comparison may stay beside a newer event.
"""

from alembic import op

revision = "alerts_0044"
down_revision = "alerts_0043"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN comparison jsonb")
