"""Stores the number of people who have acknowledged an alert, and the number who must acknowledge it.

The previous release of Dayar ignores both columns.
"""

from alembic import op

revision = "console_0028"
down_revision = "console_0027"


def upgrade() -> None:
    columns = "ADD COLUMN acknowledgements integer, ADD COLUMN acknowledgements_needed integer"
    op.execute(f"ALTER TABLE board_alerts {columns}")
