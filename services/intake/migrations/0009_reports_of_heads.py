"""Stores the household's report and place with each head of a household in a list.

Erasures need them. The household's report and place are also needed to check whether another team has already sent the
same list.
"""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"


def upgrade() -> None:
    op.execute("ALTER TABLE sheet_heads ADD COLUMN report_id uuid, ADD COLUMN pcode text")
