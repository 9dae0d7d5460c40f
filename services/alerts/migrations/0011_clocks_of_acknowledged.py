"""Gives a time of escalation to alerts that people acknowledged under earlier releases of Dayar.

If nobody has started work on an acknowledged alert at the time of escalation, its receivers are notified again.
"""

from alembic import op

revision = "alerts_0011"
down_revision = "alerts_0010"

WOUND_UP = """
UPDATE alerts SET waits_since = now(), escalates_at = now() + interval '15 minutes'
WHERE acknowledged_at IS NOT NULL AND resolved_at IS NULL AND NOT is_lapsed AND NOT is_suppressed
    AND progressed_at IS NULL AND escalates_at IS NULL
"""


def upgrade() -> None:
    op.execute(WOUND_UP)
