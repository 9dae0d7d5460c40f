"""Adds the security log, and copies into it the earlier records of reads of personal data."""

from alembic import op

from shared.audit import AUDIT

revision = "console_0006"
down_revision = "console_0005"

# The old table stays, because the previous release of Dayar may still write to it.
COPIED = """
INSERT INTO audit (at, action, result, account, token, subject, objects)
SELECT read_at, 'read', 'done', account_id, NULL, 'caller', ARRAY[report_id] FROM caller_readings ORDER BY id
"""


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # usually `dayar provision` has created the table already
    op.execute(COPIED)
