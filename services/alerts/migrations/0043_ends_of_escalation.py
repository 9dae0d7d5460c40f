"""Stores three things: whether a policy's escalation ends, whether a receiver is a duty head, and an alert's quorum.

The previous release of Dayar repeats each policy's last step, and needs only one acknowledgement.
"""

from alembic import op

revision = "alerts_0043"
down_revision = "alerts_0042"


def upgrade() -> None:
    op.execute("ALTER TABLE escalation_policies ADD COLUMN ends boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE receivers ADD COLUMN is_duty_head boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE alerts ADD COLUMN partly_acknowledged_by uuid[] NOT NULL DEFAULT '{}'")
