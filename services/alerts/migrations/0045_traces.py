"""Stores with each delivery the trace of what caused it. The former release stores none."""

from alembic import op

revision = "alerts_0045"
down_revision = "alerts_0044"


def upgrade() -> None:
    op.execute("ALTER TABLE deliveries ADD COLUMN traceparent text")
