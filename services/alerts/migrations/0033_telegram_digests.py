"""Adds a column that marks digests among the Telegram messages.

A digest is about several alerts, so it is not edited when one of the alerts changes.
"""

from alembic import op

revision = "alerts_0033"
down_revision = "alerts_0032"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN is_digest boolean DEFAULT false NOT NULL")
