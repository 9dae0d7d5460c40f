"""Stores the step that an alert's escalation has reached. An alert keeps its step if the policy's steps change.

The previous release of Dayar ignores the new column. If an alert has no stored step, the number of escalations says
which step the alert has reached.
"""

from alembic import op

revision = "alerts_0074"
down_revision = "alerts_0073"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN reached_step uuid")
