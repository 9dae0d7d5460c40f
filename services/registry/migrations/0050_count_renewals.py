"""Stores by which version of the gazetteer and of the rules the stored counts were computed."""

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
