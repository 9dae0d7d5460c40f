"""Stores every revision of a hazard, so that an alert's page can show the changes."""

import sqlalchemy as sa
from alembic import op

revision = "alerts_0007"
down_revision = "alerts_0006"

KNOWN = "INSERT INTO hazard_revisions (hazard_id, revision, report) SELECT hazard_id, revision, report FROM hazards"


def upgrade() -> None:
    op.create_table(
        "hazard_revisions",
        sa.Column("hazard_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hazard_id", "revision", name="pk_hazard_revisions"),
    )
    op.execute(KNOWN)
