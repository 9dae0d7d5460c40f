"""Adds the labels of removed receivers. Adds an index that finds a Telegram message by its chat.

The previous release of Dayar uses neither the labels nor the index.
"""

from alembic import op

revision = "alerts_0037"
down_revision = "alerts_0036"

REMOVED = """
CREATE TABLE removed_receivers (
    label text NOT NULL,
    removed_at timestamptz NOT NULL,
    CONSTRAINT pk_removed_receivers PRIMARY KEY (label)
)
"""
OF_CHAT = "CREATE INDEX ix_telegram_messages_chat_id_message_id ON telegram_messages (chat_id, message_id)"


def upgrade() -> None:
    for statement in (REMOVED, OF_CHAT):
        op.execute(statement)
