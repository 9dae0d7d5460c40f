"""Stores whether a policy's escalation ends, whether a receiver is a duty head, and the quorum of an alert.

The previous release of Dayar repeats the last step of each policy, and accepts one acknowledgement instead of the
quorum.
"""

from alembic import op

revision = "alerts_0043"
down_revision = "alerts_0042"


def upgrade() -> None:
    op.execute("ALTER TABLE escalation_policies ADD COLUMN ends boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE receivers ADD COLUMN is_duty_head boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE alerts ADD COLUMN partly_acknowledged_by uuid[] NOT NULL DEFAULT '{}'")
