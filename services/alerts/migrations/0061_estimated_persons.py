"""Marks counts whose persons were estimated, because alerts say how many persons are estimates.

The previous release of Dayar ignores the new column. If the previous release of Dayar stored a count, the count stays
unmarked until its next event.
"""

from alembic import op

revision = "alerts_0061"
down_revision = "alerts_0060"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN persons_estimated boolean NOT NULL DEFAULT false")
