"""Stores the published comparisons of counts with the numbers of registered people."""

from alembic import op

revision = "registry_0051"
down_revision = "registry_0050"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE count_comparisons (
            report_id uuid NOT NULL,
            comparison jsonb NOT NULL,
            CONSTRAINT pk_count_comparisons PRIMARY KEY (report_id)
        )
    """)
