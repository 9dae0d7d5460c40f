"""Stores for each household and count on the board whether its people need help at once."""

from alembic import op

revision = "console_0020"
down_revision = "console_0019"


def upgrade() -> None:
    for table in ("board_households", "board_groups"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN is_urgent boolean NOT NULL DEFAULT false")
