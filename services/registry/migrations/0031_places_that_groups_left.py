"""Stores, with a count of people who moved, the place that these people left."""

from alembic import op

revision = "registry_0031"
down_revision = "registry_0030"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN left_pcode text, ADD COLUMN left_country text")
