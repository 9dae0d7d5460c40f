"""Adds a column that says whether a receiver belongs to the centre.

In an exercise, all receivers belong to the centre.
"""

from alembic import op

revision = "alerts_0019"
down_revision = "alerts_0018"


def upgrade() -> None:
    op.execute("ALTER TABLE receivers ADD COLUMN is_internal boolean NOT NULL DEFAULT false")
    op.execute("UPDATE receivers SET is_internal = true WHERE address LIKE '%@exercise.invalid'")
