"""Stores whether the persons of a count were estimated, because an alert says how many of its persons are estimates.

The previous release of Dayar ignores the new column. A count that the previous release of Dayar stored is not
marked until its next event.
"""

from alembic import op

revision = "alerts_0061"
down_revision = "alerts_0060"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN persons_estimated boolean NOT NULL DEFAULT false")
