"""Adds to sites the code of the settlement where each site is."""

from alembic import op

revision = "registry_0041"
down_revision = "registry_0040"


def upgrade() -> None:
    op.execute("ALTER TABLE sites ADD COLUMN locality_pcode text")
