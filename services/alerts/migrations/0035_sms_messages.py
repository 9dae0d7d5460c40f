"""Stores the SMS for which Dayar asks the gateway for a receipt.

The previous release of Dayar ignores these messages.
"""

from alembic import op

revision = "alerts_0035"
down_revision = "alerts_0034"

MESSAGES = """
CREATE TABLE sms_messages (
    delivery_id uuid NOT NULL,
    message_id text,
    accepted_at timestamptz NOT NULL,
    CONSTRAINT pk_sms_messages PRIMARY KEY (delivery_id)
)
"""


def upgrade() -> None:
    op.execute(MESSAGES)
