"""Adds whether a Telegram message is a digest, which is not edited to the state of one alert."""

from alembic import op

revision = "alerts_0033"
down_revision = "alerts_0032"


def upgrade() -> None:
    op.execute("ALTER TABLE telegram_messages ADD COLUMN is_digest boolean DEFAULT false NOT NULL")
