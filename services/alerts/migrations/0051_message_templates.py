"""Adds message templates. The previous release of Dayar ignores templates, and sends the standard texts."""

from alembic import op

revision = "alerts_0051"
down_revision = "alerts_0050"

TEMPLATES = """
CREATE TABLE message_templates (
    hazard text NOT NULL,
    severity text NOT NULL,
    channel text NOT NULL,
    language text NOT NULL,
    text text NOT NULL,
    account_id uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    skipped_at timestamptz,
    CONSTRAINT pk_message_templates PRIMARY KEY (hazard, severity, channel, language)
)
"""


def upgrade() -> None:
    op.execute(TEMPLATES)
