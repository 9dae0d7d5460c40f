"""Stores the settlements where counted groups are, and the people at each place at the last evaluation of an exposure.

Both columns are NULL in rows of the former release: it knows such groups by their district only.
"""

from alembic import op

revision = "alerts_0032"
down_revision = "alerts_0031"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN locality_pcode text")
    op.execute("ALTER TABLE exposures ADD COLUMN told_group_places text")
