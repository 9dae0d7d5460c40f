"""Adds to dead letters a column for the offset in the letter's headers, by which restored letters are found."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
