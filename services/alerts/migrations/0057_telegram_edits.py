"""Stores when to edit a Telegram message whose alert has changed.

The previous release of Dayar ignores the new column.
"""

from alembic import op

revision = "alerts_0057"
down_revision = "alerts_0056"

DUE = "CREATE INDEX ix_telegram_messages_edit_at ON telegram_messages (edit_at) WHERE edit_at IS NOT NULL"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN edit_at timestamptz")
    op.execute(DUE)
