"""Stores which receivers a notification left out, and why."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "alerts_0014"
down_revision = "alerts_0013"


def upgrade() -> None:
    op.create_table(
        "notification_omissions",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("reasons", JSONB(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("alert_id", "step", name=op.f("pk_notification_omissions")),
    )
