"""Stores the report and the place of the household with each head in a list.

Both values are needed for erasures, and to find lists that another team has already sent.
"""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"


def upgrade() -> None:
    op.execute("ALTER TABLE sheet_heads ADD COLUMN report_id uuid, ADD COLUMN pcode text")
