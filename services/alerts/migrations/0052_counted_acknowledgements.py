"""Stores how many people have acknowledged an alert, and how many must, because boards show both numbers.

The previous release of Dayar ignores the new columns.
"""

from alembic import op

revision = "alerts_0052"
down_revision = "alerts_0051"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN acknowledgements integer, ADD COLUMN acknowledgements_needed integer")
