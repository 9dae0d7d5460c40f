"""Adds to each dead letter the offset that its text names, by which restored dead letters are found."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
