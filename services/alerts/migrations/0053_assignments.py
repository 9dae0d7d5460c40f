"""Stores who must work on an alert, and who assigned it. Stores by which channel people acted.

The previous release of Dayar ignores the new columns.
"""

from alembic import op

revision = "alerts_0053"
down_revision = "alerts_0052"


def upgrade() -> None:
    columns = "ADD COLUMN assigned_at timestamptz, ADD COLUMN assigned_by uuid, ADD COLUMN assigned_to uuid"
    op.execute(f"ALTER TABLE alerts {columns}, ADD COLUMN assigned_name text")
    op.execute("ALTER TABLE acts ADD COLUMN channel text")
