"""Adds the report and the place of the household to the stored heads of households.

Erasures need the report and the place. The search for lists that another team has sent needs them as well.
"""

from alembic import op

revision = "intake_0009"
down_revision = "intake_0008"


def upgrade() -> None:
    op.execute("ALTER TABLE sheet_heads ADD COLUMN report_id uuid, ADD COLUMN pcode text")
