"""Stores the settlements of counted groups, and how many people each place had at the last evaluation.

The previous release of Dayar leaves the new columns empty.
"""

from alembic import op

revision = "alerts_0032"
down_revision = "alerts_0031"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN locality_pcode text")
    op.execute("ALTER TABLE exposures ADD COLUMN told_group_places text")
