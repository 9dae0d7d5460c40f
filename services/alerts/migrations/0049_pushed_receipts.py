"""Stores delivery receipts that the SMS gateway pushes to Dayar.

The previous release of Dayar ignores these receipts.
"""

from alembic import op

revision = "alerts_0049"
down_revision = "alerts_0048"

MESSAGES = "ALTER TABLE sms_messages ADD COLUMN state text, ADD COLUMN state_at timestamptz"
BY_MESSAGE_ID = "CREATE INDEX ix_sms_messages_message_id ON sms_messages (message_id)"
EARLY = """
CREATE TABLE early_sms_receipts (
    message_id text NOT NULL,
    state text NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT pk_early_sms_receipts PRIMARY KEY (message_id)
)
"""
BY_TIME = "CREATE INDEX ix_early_sms_receipts_received_at ON early_sms_receipts (received_at)"


def upgrade() -> None:
    for statement in (MESSAGES, BY_MESSAGE_ID, EARLY, BY_TIME):
        op.execute(statement)
