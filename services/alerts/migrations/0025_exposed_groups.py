"""Stores how many people of counted groups each exposure had at its last evaluation.

For rows of earlier releases of Dayar, the number of people is 0.
"""

from alembic import op

revision = "alerts_0025"
down_revision = "alerts_0024"


def upgrade() -> None:
    op.execute("ALTER TABLE exposures ADD COLUMN told_group_persons integer DEFAULT 0 NOT NULL")
