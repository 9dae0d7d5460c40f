"""Stores since when the duty heads are notified of an alert.

Even if the policy changes, the duty heads are still notified.

The previous release of Dayar ignores the new column. If an alert that already escalates has no value, its next
escalation after the last step sets the value.
"""

from alembic import op

revision = "alerts_0073"
down_revision = "alerts_0072"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN duty_heads_at timestamptz")
