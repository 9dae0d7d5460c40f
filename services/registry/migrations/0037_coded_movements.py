"""Adds a list of movements that wait because no household with their short code is known."""

from alembic import op

revision = "registry_0037"
down_revision = "registry_0036"


def upgrade() -> None:
    op.execute("""
        CREATE TABLE coded_movements (
            report_id uuid NOT NULL,
            version integer NOT NULL,
            author uuid NOT NULL,
            compared_at timestamptz NOT NULL,
            wrong_at timestamptz,
            CONSTRAINT pk_coded_movements PRIMARY KEY (report_id, version, author)
        )
    """)
    op.execute("CREATE INDEX ix_coded_movements_author_wrong_at ON coded_movements (author, wrong_at)")
    op.execute("CREATE INDEX ix_coded_movements_paused ON coded_movements (compared_at) WHERE wrong_at IS NULL")
    op.execute("CREATE INDEX ix_coded_movements_wrong ON coded_movements (compared_at) WHERE wrong_at IS NOT NULL")
