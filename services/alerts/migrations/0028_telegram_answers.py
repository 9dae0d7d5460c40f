"""Stores the Telegram bot's questions, the number of the bot's next update, and when each code was drawn."""

from alembic import op

revision = "alerts_0028"
down_revision = "alerts_0027"

QUESTIONS = """
CREATE TABLE telegram_questions (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    alert_id uuid NOT NULL,
    language text NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT pk_telegram_questions PRIMARY KEY (chat_id, message_id)
)
"""
POLLS = """
CREATE TABLE telegram_polls (
    bot_id bigint NOT NULL,
    next_update_id bigint,
    handled_at timestamptz,
    polled_at timestamptz NOT NULL,
    username text,
    problem text,
    CONSTRAINT pk_telegram_polls PRIMARY KEY (bot_id)
)
"""


DRAWN = "ALTER TABLE binding_codes ADD COLUMN drawn_at timestamptz DEFAULT now() NOT NULL"


def upgrade() -> None:
    for statement in (QUESTIONS, POLLS, DRAWN):
        op.execute(statement)
