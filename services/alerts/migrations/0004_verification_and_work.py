"""Separates two states of an alert: its verification, and the work on it.

Adds tables of people's actions and of open boards.
"""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0004"
down_revision = "alerts_0003"

INSTANTS = ("waits_since", "confirmed_at", "progressed_at", "snoozed_until", "reopened_at")
ACCOUNTS = ("confirmed_by", "progressed_by", "snoozed_by", "reopened_by")
NAMES = ("confirmed_name", "progressed_name", "snoozed_name", "reopened_name", "closed_by")

# Under earlier releases of Dayar, only people closed alerts, and only the verdict "confirmed" confirmed an alert.
CLOSED = """
UPDATE alerts SET closed_by = 'person', confirmed_at = CASE WHEN verdict = 'confirmed' THEN resolved_at END,
    confirmed_by = CASE WHEN verdict = 'confirmed' THEN resolved_by END,
    confirmed_name = CASE WHEN verdict = 'confirmed' THEN resolved_name END
WHERE resolved_at IS NOT NULL
"""
EXPIRING = """
CREATE INDEX ix_alerts_expires ON alerts (expires)
WHERE kind <> 'displacement' AND NOT is_lapsed AND NOT is_suppressed AND resolved_at IS NULL
"""


def upgrade() -> None:
    for names, type in ((INSTANTS, sa.DateTime(timezone=True)), (ACCOUNTS, sa.Uuid()), (NAMES, sa.Text())):
        for name in names:
            op.add_column("alerts", sa.Column(name, type))
    op.add_column("alerts", sa.Column("is_ringing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(CLOSED)
    op.execute(EXPIRING)
    op.create_table(
        "acts",
        sa.Column("act_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("deed", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("name", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("act_id", name="pk_acts"),
    )
    op.create_index("ix_acts_alert_id", "acts", ["alert_id"])
    op.create_table(
        "presences",
        sa.Column("board_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("last_input_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("board_id", name="pk_presences"),
    )
