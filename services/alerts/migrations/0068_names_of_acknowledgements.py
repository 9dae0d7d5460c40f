"""Stores, encrypted, on whose behalf a person acknowledged an alert.

The previous release of Dayar ignores the new column.
"""

from alembic import op

revision = "alerts_0068"
down_revision = "alerts_0067"


def upgrade() -> None:
    op.execute("ALTER TABLE acts ADD COLUMN behalf_note text")
