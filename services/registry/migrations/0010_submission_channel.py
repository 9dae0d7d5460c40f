"""Renames the column for the submission channel of a report to `channel`."""

from alembic import op

revision = "registry_0010"
down_revision = "registry_0009"


def upgrade() -> None:
    op.alter_column("reports", "road", new_column_name="channel")
