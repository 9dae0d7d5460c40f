"""Stores the place of each alert in a combined Telegram message, so that an edit keeps the numbers of the alerts.

The previous release ignores this column; messages that it sends have no place.
"""

from alembic import op

revision = "alerts_0069"
down_revision = "alerts_0068"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN position integer")
