"""Stores the code of the settlement in which each site lies."""

from alembic import op

revision = "alerts_0030"
down_revision = "alerts_0029"


def upgrade() -> None:
    op.execute("ALTER TABLE sites ADD COLUMN locality_pcode text")
