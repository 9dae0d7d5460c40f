"""Adds to the board's alerts to whom they are assigned. The former release ignores it."""

from alembic import op

revision = "console_0029"
down_revision = "console_0028"


def upgrade() -> None:
    columns = "ADD COLUMN assigned_at timestamptz, ADD COLUMN assigned_by uuid, ADD COLUMN assigned_to uuid"
    op.execute(f"ALTER TABLE board_alerts {columns}")
