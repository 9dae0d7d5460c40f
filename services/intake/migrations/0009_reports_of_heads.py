"""Stores the report and the place of the household with each head in a list.

Erasures need both values, and so does the check whether another team has sent the same list.
"""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"


def upgrade() -> None:
    op.execute("ALTER TABLE sheet_heads ADD COLUMN report_id uuid, ADD COLUMN pcode text")
