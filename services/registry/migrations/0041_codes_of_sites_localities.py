"""Stores the code of each site's settlement."""

from alembic import op

revision = "registry_0041"
down_revision = "registry_0040"


def upgrade() -> None:
    op.execute("ALTER TABLE sites ADD COLUMN locality_pcode text")
