"""Stores the sub-stock that people of counted groups left when they moved. In earlier rows, the column is empty."""

from alembic import op

revision = "registry_0044"
down_revision = "registry_0043"


def upgrade() -> None:
    op.execute("ALTER TABLE counts ADD COLUMN left_sub_stock text")
