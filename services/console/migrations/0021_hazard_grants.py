"""Stores the areas whose Restricted hazards another system may read.

The previous release of Dayar ignores this column.
"""

from alembic import op

revision = "console_0021"
down_revision = "console_0020"


def upgrade() -> None:
    op.execute("ALTER TABLE accounts ADD COLUMN hazard_areas text[] DEFAULT '{}' NOT NULL")
