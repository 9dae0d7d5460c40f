"""Stores who must answer a question whether two places or hazards are the same."""

from alembic import op

revision = "registry_0060"
down_revision = "registry_0059"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE place_assignments (
            proposal_id uuid NOT NULL,
            account uuid NOT NULL,
            assigned_by uuid NOT NULL,
            assigned_at timestamptz NOT NULL DEFAULT now(),
            CONSTRAINT pk_place_assignments PRIMARY KEY (proposal_id)
        )
    """)
