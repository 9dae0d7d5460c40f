"""Adds the offset in a dead letter's text, by which letters restored from a backup are found."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
