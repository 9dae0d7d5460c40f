"""Adds the table of Private hazards, so that a later revision without a scope stays Private."""

from alembic import op

revision = "intake_0010"
down_revision = "intake_0009"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE private_hazards (
            hazard_id uuid NOT NULL,
            revision bigint NOT NULL,
            CONSTRAINT pk_private_hazards PRIMARY KEY (hazard_id)
        )
    """)
