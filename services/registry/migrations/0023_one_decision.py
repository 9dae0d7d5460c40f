"""Allows only one open decision about each held report: the first person decides."""

from alembic import op

revision = "registry_0023"
down_revision = "registry_0022"

LATER = """
UPDATE held_decisions AS later SET carried_out_at = now(), result = 'not_held'
WHERE carried_out_at IS NULL AND EXISTS (
    SELECT 1 FROM held_decisions AS first
    WHERE first.outcome_id = later.outcome_id AND first.carried_out_at IS NULL
    AND (first.decided_at, first.decision_id) < (later.decided_at, later.decision_id)
)
"""


def upgrade() -> None:
    op.execute(LATER)
    op.execute("CREATE UNIQUE INDEX uq_held_decisions_open ON held_decisions (outcome_id) WHERE carried_out_at IS NULL")
