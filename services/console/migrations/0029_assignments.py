"""Stores to whom an alert is assigned, by whom and when.

The previous release of Dayar ignores these columns.
"""

from alembic import op

revision = "console_0029"
down_revision = "console_0028"


def upgrade() -> None:
    columns = "ADD COLUMN assigned_at timestamptz, ADD COLUMN assigned_by uuid, ADD COLUMN assigned_to uuid"
    op.execute(f"ALTER TABLE board_alerts {columns}")
