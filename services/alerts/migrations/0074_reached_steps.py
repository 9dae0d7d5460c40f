"""Stores which step of its escalation an alert has reached, so that the alert keeps this step if the steps are changed.

The previous release of Dayar ignores the new column. For an alert without a value, the number of escalations says which
step the alert has reached.
"""

from alembic import op

revision = "alerts_0074"
down_revision = "alerts_0073"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN reached_step uuid")
