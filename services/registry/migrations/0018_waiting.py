"""Stores why a person refused a report, and to whom a held report is assigned."""

from alembic import op

revision = "registry_0018"
down_revision = "registry_0017"

ASSIGNMENTS = """
CREATE TABLE held_assignments (
    outcome_id uuid NOT NULL,
    account uuid NOT NULL,
    assigned_by uuid NOT NULL,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_held_assignments PRIMARY KEY (outcome_id)
)
"""


def upgrade() -> None:
    op.execute("ALTER TABLE held_decisions ADD COLUMN refusal text")
    op.execute(ASSIGNMENTS)
