"""Adds to the board's alerts how many people have acknowledged, and how many must.

The former release ignores both.
"""

from alembic import op

revision = "console_0028"
down_revision = "console_0027"


def upgrade() -> None:
    columns = "ADD COLUMN acknowledgements integer, ADD COLUMN acknowledgements_needed integer"
    op.execute(f"ALTER TABLE board_alerts {columns}")
