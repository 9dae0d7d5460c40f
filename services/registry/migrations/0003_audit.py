"""Adds the security log and copies the earlier reads of personal data into the log."""

from alembic import op

from shared.audit import AUDIT

revision = "registry_0003"
down_revision = "registry_0002"

# The previous release of Dayar may still write to the table `reads`, so the table is kept.
COPIED = """
INSERT INTO audit (at, action, result, account, token, subject, objects)
SELECT read_at, 'read', 'done', account, token, what, household_ids FROM reads ORDER BY id
"""


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # usually, `dayar provision` has created this table before
    op.execute(COPIED)
