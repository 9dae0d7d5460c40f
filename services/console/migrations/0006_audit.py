"""Adds the security log, and copies the earlier records of who read personal data into it."""

from alembic import op

from shared.audit import AUDIT

revision = "console_0006"
down_revision = "console_0005"

# The old table of reads of personal data stays, because the previous release of Dayar may still write to it.
COPIED = """
INSERT INTO audit (at, action, result, account, token, subject, objects)
SELECT read_at, 'read', 'done', account_id, NULL, 'caller', ARRAY[report_id] FROM caller_readings ORDER BY id
"""


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # `dayar provision` usually creates this table
    op.execute(COPIED)
