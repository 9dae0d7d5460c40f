"""Stores the registry's comparison of a count with the registered people at the same place.

The previous release of Dayar ignores the new column, so a newer event may keep an older comparison.
"""

from alembic import op

revision = "alerts_0044"
down_revision = "alerts_0043"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN comparison jsonb")
