"""Stores which receivers have disabled accounts, so that rosters do not rely on these people.

A worker fills the table once it has read all revocations. The previous release of Dayar does not read the new table.
"""

from alembic import op

revision = "alerts_0072"
down_revision = "alerts_0071"

TABLE = """
CREATE TABLE disabled_accounts (
    account_id uuid NOT NULL,
    CONSTRAINT pk_disabled_accounts PRIMARY KEY (account_id)
)
"""


def upgrade() -> None:
    op.execute(TABLE)
