"""Stores since when the duty heads are notified of an alert, so that a change of the policy does not exclude them.

The previous release of Dayar ignores the new column. For an alert that already escalates, the next escalation after
the last step sets the value.
"""

from alembic import op

revision = "alerts_0073"
down_revision = "alerts_0072"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN duty_heads_at timestamptz")
