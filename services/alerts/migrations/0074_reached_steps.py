"""Stores which step of its escalation an alert has reached, so that the alert keeps this step if the steps are changed.

The previous release of Dayar ignores the new column. Without a value, the number of escalations decides, as before.
"""

from alembic import op

revision = "alerts_0074"
down_revision = "alerts_0073"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN reached_step uuid")
