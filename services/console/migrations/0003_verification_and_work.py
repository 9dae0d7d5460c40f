"""Adds to alerts their verification, work and validity, and the action that an alert demands."""

import sqlalchemy as sa
from alembic import op

revision = "console_0003"
down_revision = "console_0002"

INSTANTS = ("confirmed_at", "progressed_at", "snoozed_until", "reopened_at")
ACCOUNTS = ("confirmed_by", "progressed_by", "snoozed_by", "reopened_by")
TAKEN_BACK = ("below_threshold", "moved_away", "out_of_area", "status_not_alerted", "no_rule")
CODES = {"verification": "unverified", "work": "unacknowledged", "validity": "in_force"}

# Earlier versions of Dayar stored "confirmed" in the column `verdict`.
KNOWN = """
UPDATE board_alerts SET
    verification = CASE WHEN verdict IN ('confirmed', 'false_alarm', 'duplicate') THEN verdict ELSE 'unverified' END,
    work = CASE
        WHEN resolved_at IS NOT NULL THEN 'closed'
        WHEN acknowledged_at IS NOT NULL THEN 'acknowledged'
        ELSE 'unacknowledged'
    END,
    validity = CASE
        WHEN reason = 'cancelled' THEN 'cancelled'
        WHEN reason = ANY (:taken_back) THEN 'downgraded'
        ELSE 'in_force'
    END,
    demand = CASE
        WHEN NOT (is_suppressed OR reason = 'cancelled' OR reason = ANY (:taken_back))
            AND resolved_at IS NULL AND acknowledged_at IS NULL
        THEN 'acknowledgement'
    END,
    closed_by = CASE WHEN resolved_at IS NOT NULL THEN 'person' END
"""


def upgrade() -> None:
    for name, usual in CODES.items():
        op.add_column("board_alerts", sa.Column(name, sa.Text(), nullable=False, server_default=usual))
    op.add_column("board_alerts", sa.Column("is_unseen", sa.Boolean(), nullable=False, server_default=sa.false()))
    for names, type in (
        (INSTANTS, sa.DateTime(timezone=True)),
        (ACCOUNTS, sa.Uuid()),
        (("demand", "closed_by"), sa.Text()),
    ):
        for name in names:
            op.add_column("board_alerts", sa.Column(name, type))
    op.get_bind().execute(sa.text(KNOWN), {"taken_back": list(TAKEN_BACK)})
