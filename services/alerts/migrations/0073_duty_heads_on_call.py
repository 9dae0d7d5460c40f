"""Stores since when the duty heads are notified of an alert, so that a changed policy does not take them off it.

The previous release ignores this column. If an alert that waits has no value, the next step after the last one sets it.
"""

from alembic import op

revision = "alerts_0073"
down_revision = "alerts_0072"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN duty_heads_at timestamptz")
