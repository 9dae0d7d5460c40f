"""Stores whether the persons of a count were estimated, because an alert says how many of its persons are estimates.

The previous release ignores the column. A count of the previous release is not marked until its next event.
"""

from alembic import op

revision = "alerts_0061"
down_revision = "alerts_0060"


def upgrade() -> None:
    op.execute("ALTER TABLE counted_groups ADD COLUMN persons_estimated boolean NOT NULL DEFAULT false")
