"""Stores until when a receiving server asked not to be called again for a delivery.

The previous release ignores this column.
"""

from alembic import op

revision = "alerts_0054"
down_revision = "alerts_0053"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN paused_until timestamptz")
