"""Adds how many people have acknowledged an alert, and how many must, for boards.

The former release ignores both.
"""

from alembic import op

revision = "alerts_0052"
down_revision = "alerts_0051"


def upgrade() -> None:
    op.execute("ALTER TABLE alerts ADD COLUMN acknowledgements integer, ADD COLUMN acknowledgements_needed integer")
