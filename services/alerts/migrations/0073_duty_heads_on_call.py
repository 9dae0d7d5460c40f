"""Stores since when an alert's duty heads are notified, so that a later change of the policy cannot exclude them.

The previous release of Dayar ignores the new column. An alert that is escalating during the migration gets its value at
the next escalation after the last step.
"""

from alembic import op

revision = "alerts_0073"
down_revision = "alerts_0072"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN duty_heads_at timestamptz")
