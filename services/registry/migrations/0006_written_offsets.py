"""Stores, with each dead letter, the offset that the letter's headers state.

A restore changes `offset`, but not this column.
"""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "registry_0006"
down_revision = "registry_0005"


def upgrade() -> None:
    add_written_offset(op)
