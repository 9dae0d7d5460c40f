"""Stores the settlements of counted groups, and the number of people that the last evaluation found at each place.

The previous release of Dayar leaves the new columns empty, because it knows only the district of a group.
"""

from alembic import op

revision = "alerts_0032"
down_revision = "alerts_0031"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN locality_pcode text")
    op.execute("ALTER TABLE exposures ADD COLUMN told_group_places text")
