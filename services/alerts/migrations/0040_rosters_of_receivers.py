"""A receiver can name a roster from now on.

The previous release of Dayar ignores the roster, and also notifies people who are off duty.
"""

from alembic import op

revision = "alerts_0040"
down_revision = "alerts_0039"


def upgrade() -> None:
    op.execute("ALTER TABLE receivers ADD COLUMN roster text")
