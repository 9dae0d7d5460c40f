"""Adds the columns `is_foldable` and `planned_at` to deliveries.

`is_foldable` marks a delivery that may share a mail with other deliveries. `planned_at` is the time at which the shared
mail is sent.
"""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0008"
down_revision = "alerts_0007"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("is_foldable", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("deliveries", sa.Column("planned_at", sa.DateTime(timezone=True)))
    op.execute("CREATE INDEX ix_deliveries_planned_at ON deliveries (recipient, planned_at) WHERE is_foldable")
