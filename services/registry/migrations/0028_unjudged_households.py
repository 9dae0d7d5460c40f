"""Adds a list of households to which the worker must still apply a movement of everybody at their site."""

from alembic import op

revision = "registry_0028"
down_revision = "registry_0027"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE unjudged_households (
            household_id uuid NOT NULL,
            report_id uuid NOT NULL,
            version integer NOT NULL,
            movements integer NOT NULL,
            CONSTRAINT pk_unjudged_households PRIMARY KEY (household_id, report_id, version)
        )
    """)
