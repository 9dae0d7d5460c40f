"""Adds a column to dead letters for the offset in their headers, which a restore does not change."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
