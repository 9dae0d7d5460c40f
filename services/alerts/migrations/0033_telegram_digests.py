"""Marks which Telegram messages are digests.

A digest is about several alerts, so a change of one alert does not edit the digest.
"""

from alembic import op

revision = "alerts_0033"
down_revision = "alerts_0032"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN is_digest boolean DEFAULT false NOT NULL")
