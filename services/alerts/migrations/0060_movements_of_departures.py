"""Stores the report about the movement that led to a departure or a count.

The author of this report learns of the alert.

The previous release of Dayar ignores the new columns.
"""

from alembic import op

revision = "alerts_0060"
down_revision = "alerts_0059"


def upgrade() -> None:
    for table in ("departures", "counted_groups"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN movement_id uuid")
