"""Stores with each delivery the trace of the request or record that caused the delivery.

The previous release of Dayar stores no trace.
"""

from alembic import op

revision = "alerts_0045"
down_revision = "alerts_0044"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN traceparent text")
