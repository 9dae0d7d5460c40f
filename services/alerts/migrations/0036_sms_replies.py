"""Adds the codes in SMS, and people's replies with these codes.

The previous release of Dayar ignores codes and replies.
"""

from alembic import op

revision = "alerts_0036"
down_revision = "alerts_0035"

CODES = """
CREATE TABLE sms_codes (
    delivery_id uuid NOT NULL,
    number text NOT NULL,
    code text NOT NULL,
    drawn_at timestamptz NOT NULL,
    CONSTRAINT pk_sms_codes PRIMARY KEY (delivery_id),
    CONSTRAINT uq_sms_codes_number_code UNIQUE (number, code)
)
"""
REPLIES = """
CREATE TABLE sms_replies (
    message_id text NOT NULL,
    number text NOT NULL,
    received_at timestamptz NOT NULL,
    is_wrong boolean DEFAULT false NOT NULL,
    is_answered boolean DEFAULT false NOT NULL,
    CONSTRAINT pk_sms_replies PRIMARY KEY (message_id)
)
"""


def upgrade() -> None:
    op.execute(CODES)
    op.execute(REPLIES)
    op.execute("CREATE INDEX ix_sms_replies_number_received_at ON sms_replies (number, received_at)")
