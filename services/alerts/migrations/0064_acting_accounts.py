"""Stores which accounts are known to have the right to act, because alerts are assigned only to these accounts.

Accounts that acted before the migration count as having the right to act, until their rights change. The previous
release of Dayar assigns alerts to any account, and adds no rows here.
"""

from alembic import op

revision = "alerts_0064"
down_revision = "alerts_0063"

TABLE = """
CREATE TABLE acting_accounts (
    account_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    CONSTRAINT pk_acting_accounts PRIMARY KEY (account_id)
)
"""
KNOWN = """
INSERT INTO acting_accounts (account_id, seen_at)
SELECT account_id, max(seen_at) FROM (
    SELECT account_id, acted_at AS seen_at FROM acts WHERE account_id IS NOT NULL
    UNION ALL SELECT account_id, seen_at FROM presences
) AS seen GROUP BY account_id
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(KNOWN)
