"""Stores each alert's number in a combined Telegram message, so that an edit keeps the numbers.

The previous release of Dayar stores no numbers.
"""

from alembic import op

revision = "alerts_0069"
down_revision = "alerts_0068"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN position integer")
