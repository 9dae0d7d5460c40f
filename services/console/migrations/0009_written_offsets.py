"""Dead letters that came out of a backup are found again."""

from alembic import op

from shared.messaging.tables import add_written_offset

revision = "console_0009"
down_revision = "console_0008"


def upgrade() -> None:
    add_written_offset(op)
