"""Stores, with each dead letter, the offset that is written in the letter's headers.

A restore changes the column `offset` of a dead letter, but not the new column.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
