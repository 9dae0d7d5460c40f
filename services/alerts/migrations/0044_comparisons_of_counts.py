"""Adds the registry's comparison of a count with the registered people at the same place.

The former release does not read the column. If it stores an event meanwhile, the former comparison stays.
"""

from alembic import op

revision = "alerts_0044"
down_revision = "alerts_0043"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN comparison jsonb")
