"""The security log, and in it who read personal data so far."""

from alembic import op

from shared.audit import AUDIT

revision = "registry_0003"
down_revision = "registry_0002"

# What was read before. The old table stays: the release before may still write there.
COPIED = """
INSERT INTO audit (at, action, result, account, token, subject, objects)
SELECT read_at, 'read', 'done', account, token, what, household_ids FROM reads ORDER BY id
"""


def upgrade() -> None:
    AUDIT.create(op.get_bind(), checkfirst=True)  # provisioning made it already, and owns it
    op.execute(COPIED)
