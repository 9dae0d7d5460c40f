"""Stores the Telegram message of each delivery, so that later messages can reply to it or edit it."""

from alembic import op

revision = "alerts_0027"
down_revision = "alerts_0026"

MESSAGES = """
CREATE TABLE telegram_messages (
    delivery_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    recipient text NOT NULL,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    language text NOT NULL,
    sent_at timestamptz DEFAULT now() NOT NULL,
    CONSTRAINT pk_telegram_messages PRIMARY KEY (delivery_id)
)
"""
OF_ALERT = "CREATE INDEX ix_telegram_messages_alert_id_recipient ON telegram_messages (alert_id, recipient)"


def upgrade() -> None:
    for statement in (MESSAGES, OF_ALERT):
        op.execute(statement)
