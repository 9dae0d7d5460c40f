"""Adds the version of the gazetteer and the rules by which the stored counts are computed."""

from alembic import op

revision = "registry_0050"
down_revision = "registry_0049"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE count_renewals (
            version text NOT NULL,
            renewed_at timestamptz NOT NULL,
            CONSTRAINT pk_count_renewals PRIMARY KEY (version)
        )
    """)
