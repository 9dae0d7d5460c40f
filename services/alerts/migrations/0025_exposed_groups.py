"""Stores for each exposure the number of people of counted groups at its last evaluation.

In rows of earlier releases of Dayar the number of people is 0.
"""

from alembic import op

revision = "alerts_0025"
down_revision = "alerts_0024"


def upgrade() -> None:
    op.execute("ALTER TABLE exposures ADD COLUMN told_group_persons integer DEFAULT 0 NOT NULL")
