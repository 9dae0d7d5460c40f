"""Adds the roster of a receiver.

The previous release of Dayar ignores rosters, so it also notifies people who are off duty.
"""

from alembic import op

revision = "alerts_0040"
down_revision = "alerts_0039"


def upgrade() -> None:
    op.execute("ALTER TABLE receivers ADD COLUMN roster text")
