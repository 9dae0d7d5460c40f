"""Adds a table of sources whose hourly limit of alerts was lifted by an operator.

Each row has the time from which the source's limit applies again.
"""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0009"
down_revision = "alerts_0008"


def upgrade() -> None:
    op.create_table(
        "budget_lifts",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("lifted_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_budget_lifts"),
    )
