"""Stores until when a receiving server wants no further attempt of a delivery.

The previous release of Dayar ignores the new column.
"""

from alembic import op

revision = "alerts_0054"
down_revision = "alerts_0053"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN paused_until timestamptz")
