"""Adds the receipts of the parts of short messages.

The previous release of Dayar takes one part's receipt for the receipt of the whole message.
"""

from alembic import op

revision = "alerts_0059"
down_revision = "alerts_0058"

PARTS = """
CREATE TABLE sms_parts (
    message_id text NOT NULL,
    part text NOT NULL,
    state text NOT NULL,
    state_at timestamptz NOT NULL,
    CONSTRAINT pk_sms_parts PRIMARY KEY (message_id, part)
)
"""
BY_TIME = "CREATE INDEX ix_sms_parts_state_at ON sms_parts (state_at)"


def upgrade() -> None:
    op.execute("ALTER TABLE sms_messages ADD COLUMN parts integer")
    op.execute(PARTS)
    op.execute(BY_TIME)
